"""The compiled CPU backend: graphs in, a session out.

Input: optimised graphs with static shapes. Output: a `CpuSession`. The way: lower each graph, print and
choose kernels, compile all of them in one batch, place buffers, link. Nothing is allocated inside a step
but the small output arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from treadle.backends.numba_cpu.compile import compile_kernels
from treadle.backends.numba_cpu.link import Linker
from treadle.backends.numba_cpu.session import Block, CpuSession, Runner, Tensor, make_runner, pack
from treadle.backends.numba_cpu.threads import thread_count
from treadle.backends.protocol import MemoryPlan
from treadle.backends.support import check_support
from treadle.ir import Graph
from treadle.lower.arena import assign_offsets
from treadle.lower.lower import lower
from treadle.lower.plan import Call, LoopCall, Plan, used
from treadle.lower.programs import bytes_of, lasting, lower_all
from treadle.lower.storage import Buffer, BufferKind, Storage
from treadle.lower.target import Target

_NO_LOOP = -1  # the number of a loop that nothing moves with


class NumbaCpuBackend:
    """Compiles graphs for the CPU."""

    @property
    def name(self) -> str:
        """What the user calls it."""
        return "cpu"

    def compile(self, programs: Mapping[str, Graph], *, threads: int | None = None) -> CpuSession:
        """Compiles graphs that share leaves by name.

        Raises:
            ValueError: when the types of a leaf differ between programs.
            TreadleError: E1103 for what has no compiled form.
        """
        for graph in programs.values():
            check_support(graph, self.name)
        count = threads or thread_count()
        plans = lower_all(programs, Target(count))
        linker = Linker(count)
        sources = list(dict.fromkeys(s for plan in plans.values() for s in linker.prepare(plan)))
        codes = dict(zip(sources, compile_kernels(sources), strict=True))
        memory = _Memory(list(plans.values()), linker)

        def runner(plan: Plan) -> Runner:
            return make_runner(plan, linker.link(plan, codes, memory.addresses), memory.tensors)

        def repeated(plan: Plan, call: Call, times: int) -> Runner:
            return runner(replace(plan, calls=(LoopCall(_NO_LOOP, times, (call,)),), outputs={}))

        runners = {name: runner(plan) for name, plan in plans.items()}
        for name, plan in plans.items():
            runners[name].parts = [(call, partial(repeated, plan, call)) for call in plan.calls]
        leaves = {
            name: memory.tensors[s.buffer] for plan in plans.values() for name, s in plan.leaves.items()
        }
        return CpuSession(runners, leaves, memory.summary, (memory, linker))


def plan_memory(programs: Mapping[str, Graph], threads: int | None = None) -> MemoryPlan:
    """What a session of these programs would need; compiles nothing."""
    count = threads or thread_count()
    plans = lower_all(programs, Target(count))
    linker = Linker(count)
    for plan in plans.values():
        linker.prepare(plan)
    return _Memory(list(plans.values()), linker).summary


def source_text(graph: Graph) -> str:
    """The source of all kernels that a graph needs, for `--emit=cpu`."""
    sources = Linker(thread_count()).prepare(lower(graph, target=Target(thread_count())))
    return "\n\n".join(f"# {source.name}\n{source.text}" for source in sources)


class _Memory:
    """All memory of a session: one arena for all programs, and a block for what lasts."""

    def __init__(self, plans: list[Plan], linker: Linker) -> None:
        self.arena = Block(max((assign_offsets(plan.calls, linker.scratch) for plan in plans), default=0))
        kept = dict.fromkeys(b for plan in plans for b in lasting(plan))
        self.lasting, offsets = pack(kept)
        self.addresses: dict[Buffer, int] = {b: self.lasting.address + at for b, at in offsets.items()}
        for buffer in (*linker.scratch.values(), *(b for plan in plans for b in used(plan.calls))):
            if buffer.kind is BufferKind.ARENA:
                self.addresses[buffer] = self.arena.address + buffer.offset
        self.tensors: dict[Buffer, Tensor] = {}
        for plan in plans:
            for storage in (*plan.leaves.values(), *plan.outputs.values()):
                self.tensors[storage.buffer] = self.lasting.tensor(offsets[storage.buffer], storage)
        for buffer, offset in offsets.items():
            if buffer.values is not None:
                place = Storage(buffer, (buffer.elements,), (1,))
                self.lasting.tensor(offset, place).write(buffer.values)
        self.summary = MemoryPlan(
            parameters=bytes_of(plans, BufferKind.PARAM),
            states=bytes_of(plans, BufferKind.STATE),
            inputs=bytes_of(plans, BufferKind.INPUT),
            activations=self.arena.size
            + bytes_of(plans, BufferKind.OUTPUT)
            + bytes_of(plans, BufferKind.CONSTANT),
        )
