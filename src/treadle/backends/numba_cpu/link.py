"""From a plan to a program: templates for products, kernels for the rest, addresses for buffers.

Input: plans of lowering. Output: all kernel sources to compile, then runnable instructions with patched
addresses.
Non-goals: owning memory (`session.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from treadle.backends.numba_cpu import program as run
from treadle.backends.numba_cpu.expressions import ExprPrinter
from treadle.backends.numba_cpu.kernel import KernelCode, KernelSource
from treadle.backends.numba_cpu.printer import POINTERS, print_kernel
from treadle.backends.numba_cpu.schedule import pays
from treadle.backends.numba_cpu.templates import epilogue as snippets
from treadle.backends.numba_cpu.templates import plan as template
from treadle.backends.numba_cpu.templates.conv import conv_filter_grad_plan, conv_input_grad_plan, conv_plan
from treadle.backends.numba_cpu.templates.gemm import GemmSizes, GemmSpec, gemm_plan, pack_plan, packed_bytes
from treadle.backends.numba_cpu.templates.geometry import ConvGeometry
from treadle.loops import Kernel
from treadle.lower.packing import hoist_packing
from treadle.lower.plan import (
    BatchCall,
    Call,
    ConvCall,
    KernelCall,
    LoopCall,
    MatmulCall,
    PackCall,
    Plan,
    walk,
)
from treadle.lower.storage import Buffer, BufferKind, Storage, whole
from treadle.types import DType

Addresses = Mapping[Buffer, int]
Moves = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Binding:
    """A word of a meta array that holds an address inside a buffer: `base + offset` bytes."""

    meta: run.Words
    slot: int
    offset: int


@dataclass
class Linker:
    """Links plans for a number of threads."""

    threads: int
    sources: dict[Kernel, KernelSource] = field(default_factory=dict)
    templates: dict[Call, template.Plan] = field(default_factory=dict)
    scratch: dict[Call, Buffer] = field(default_factory=dict)

    def prepare(self, plan: Plan) -> list[KernelSource]:
        """Chooses templates and prints kernels; returns the sources that the plan needs."""
        plan.calls = tuple(hoist_packing(plan.calls, packed_elements))
        found: list[KernelSource] = []
        for call in walk(plan.calls):
            if isinstance(call, KernelCall):
                if call.kernel not in self.sources:
                    self.sources[call.kernel] = print_kernel(call.kernel)
                found.append(self.sources[call.kernel])
            elif not isinstance(call, LoopCall):
                self.templates[call] = _template(call, self.threads)
                self._reserve(call)
                found.extend(self.templates[call].sources())
        return list(dict.fromkeys(found))

    def _reserve(self, call: Call) -> None:
        size = self.templates[call].scratch_bytes
        if size:
            self.scratch[call] = Buffer("scratch", DType.U8, size, BufferKind.ARENA)

    def link(self, plan: Plan, codes: Mapping[KernelSource, KernelCode], addresses: Addresses) -> Linked:
        """The plan's program, and where the addresses of its inputs and outputs stand."""
        linked = Linked()
        instructions = _Linking(self, codes, addresses, linked).instructions(plan.calls)
        linked.program = run.Program(instructions, self.threads)
        return linked


@dataclass
class Linked:
    """A program and the words that hold addresses of inputs and outputs, by buffer."""

    program: run.Program | None = None
    words: dict[Buffer, list[Binding]] = field(default_factory=dict)


class _Linking:
    def __init__(
        self, linker: Linker, codes: Mapping[KernelSource, KernelCode], addresses: Addresses, linked: Linked
    ) -> None:
        self.linker = linker
        self.codes = codes
        self.addresses = addresses
        self.linked = linked
        self.patches: dict[int, list[run.Patch]] = {}

    def instructions(self, calls: Iterable[Call]) -> list[run.Call | run.Loop]:
        return [instruction for call in calls for instruction in self._instruction(call)]

    def _instruction(self, call: Call) -> Sequence[run.Call | run.Loop]:
        if isinstance(call, LoopCall):
            self.patches[call.number] = []
            body = self.instructions(call.body)
            return [run.Loop(call.count, body, self.patches.pop(call.number))]
        if isinstance(call, KernelCall):
            return [self._kernel(call)]
        if isinstance(call, BatchCall):
            return [self._kernel(one) for one in call.calls]
        return self._product(call)

    def _kernel(self, call: KernelCall) -> run.Call:
        source = self.linker.sources[call.kernel]
        meta = np.array([0] * len(call.operands) + list(call.sizes), np.int64)
        result = run.Call(self.codes[source], meta, pays(call.kernel, call.work))
        for slot, operand in enumerate(call.operands):
            self._bind(result, slot, operand.buffer, 0, operand.moves)
        return result

    def _product(self, call: MatmulCall | PackCall | ConvCall) -> list[run.Call]:
        plan = self.linker.templates[call]
        roles = _roles(call)
        own = {"table": plan.table.ctypes.data}
        if call in self.linker.scratch:
            own["scratch"] = self.addresses[self.linker.scratch[call]]
        known = own | dict.fromkeys(roles, 0)
        calls = plan.calls(self.codes, known)
        for step, made in zip(plan.steps, calls, strict=True):
            for slot in step.slots:
                if slot.role in roles:
                    place = roles[slot.role]
                    offset = slot.offset + place.offset * place.buffer.dtype.itemsize
                    self._bind(made, slot.index, place.buffer, offset, place.moves)
        return calls

    def _bind(self, call: run.Call, slot: int, buffer: Buffer, offset: int, moves: Moves) -> None:
        """Writes an address into a meta array, notes where it stands if a caller's array may take its place,
        and how it advances."""
        if buffer.kind in {BufferKind.INPUT, BufferKind.OUTPUT}:
            self.linked.words.setdefault(buffer, []).append(Binding(call.meta, slot, offset))
        if buffer.kind is not BufferKind.INPUT:
            call.meta[slot] = self.addresses[buffer] + offset
        for loop, step in moves:
            if step:
                self.patches[loop].append(run.Patch(call, slot, step * buffer.dtype.itemsize))


def _template(call: Call, threads: int) -> template.Plan:
    if isinstance(call, PackCall):
        return pack_plan(GemmSpec(_kind(call.product)), _sizes(call.product))
    if isinstance(call, MatmulCall):
        spec = GemmSpec(_kind(call), _epilogue(call), b_packed=call.packed is not None)
        return gemm_plan(spec, _sizes(call), threads)
    if not isinstance(call, ConvCall):
        raise TypeError(f"{call} has no template")
    geometry = _geometry(call)
    if call.op == "conv":
        return conv_plan(_kind(call), geometry, threads, _epilogue(call))
    make: Callable[[str, ConvGeometry, int], template.Plan] = {
        "conv_input_grad": conv_input_grad_plan,
        "conv_filter_grad": conv_filter_grad_plan,
    }[call.op]
    return make(_kind(call), geometry, threads)


def sources_of(call: Call, threads: int) -> list[KernelSource]:
    """The kernels that a call runs, each once; those of a loop are its calls' own."""
    if isinstance(call, LoopCall):
        return []
    if isinstance(call, BatchCall):
        return list(dict.fromkeys(source for inner in call.calls for source in sources_of(inner, threads)))
    if isinstance(call, KernelCall):
        return [print_kernel(call.kernel)]
    return list(dict.fromkeys(_template(call, threads).sources()))


def packed_elements(call: MatmulCall) -> int:
    """The size of the prepared copy of a product's right operand."""
    return packed_bytes(GemmSpec(_kind(call)), _sizes(call)) // call.dtype.itemsize


def _kind(call: MatmulCall | ConvCall) -> str:
    if call.dtype not in {DType.F32, DType.F64}:
        raise TypeError(f"CPU products do not compute with {call.dtype}")
    return POINTERS[call.dtype]


def _sizes(call: MatmulCall) -> GemmSizes:
    batch, m, n = call.c.shape
    return GemmSizes(
        batch=batch,
        m=m,
        n=n,
        k=call.a.shape[-1],
        a=_three(call.a),
        b=_three(call.b),
        c=_two(call.c),
        operands={operand.name: _two(operand.storage) for operand in call.epilogue.operands},
        outputs=tuple(_two(output) for output in call.epilogue.outputs),
        inner=call.a.shape[1] if len(call.a.shape) == 4 else None,
        outer=(_outer(call.a), _outer(call.b)),
    )


def _three(storage: Storage) -> tuple[int, int, int]:
    batch, row, column = storage.strides[-3:]
    return batch, row, column


def _outer(storage: Storage) -> int:
    """The stride of the outer one of two batch axes."""
    return storage.strides[0] if len(storage.strides) > 3 else 0


def _two(storage: Storage) -> tuple[int, int]:
    return storage.strides[0], storage.strides[1]


def _geometry(call: ConvCall) -> ConvGeometry:
    """The forward convolution's geometry, whichever of its three tensors are given."""
    first, second = (storage.shape for storage in call.inputs)
    out = call.output.shape
    image, filters = {
        "conv": (first, second),
        "conv_input_grad": (out, second),
        "conv_filter_grad": (first, out),
    }[call.op]
    attrs = call.attrs
    return ConvGeometry(
        batch=image[0],
        channels=image[1],
        height=image[2],
        width=image[3],
        filters=filters[0],
        kernel=(filters[2], filters[3]),
        stride=attrs["stride"],  # type: ignore[arg-type]  # checked when the graph was built
        padding=attrs["padding"],  # type: ignore[arg-type]
        dilation=attrs["dilation"],  # type: ignore[arg-type]
        groups=attrs["groups"],  # type: ignore[arg-type]
    )


def _epilogue(call: MatmulCall | ConvCall) -> snippets.Epilogue:
    """The epilogue as source snippets."""
    epilogue = call.epilogue
    if not epilogue.results:
        return snippets.Epilogue()
    functions: set[str] = set()
    printer = ExprPrinter(set(), functions, set())
    operands = tuple(
        snippets.Operand(operand.name, POINTERS[operand.storage.buffer.dtype], operand.kind)  # type: ignore[arg-type]
        for operand in epilogue.operands
    )
    lines = tuple(f"{let.name} = {printer.text(let.value)}" for let in epilogue.lets)
    outputs = tuple(printer.text(result) for result in epilogue.results)
    return snippets.Epilogue(operands, lines, outputs, tuple(sorted(functions)))


def _roles(call: MatmulCall | PackCall | ConvCall) -> dict[str, Storage]:
    """The storage of each role of a call's template."""
    if isinstance(call, PackCall):
        return {"b": call.product.b, "packed": whole(call.packed, (call.packed.elements,))}
    if isinstance(call, MatmulCall):
        right = call.b if call.packed is None else whole(call.packed, (call.packed.elements,))
        roles = {"a": call.a, "b": right, "c": call.c}
    else:
        names = {"conv": "x w y", "conv_input_grad": "dy w dx", "conv_filter_grad": "x dy dw"}[
            call.op
        ].split()
        roles = dict(zip(names, (*call.inputs, call.output), strict=True))
    roles |= {operand.name: operand.storage for operand in call.epilogue.operands}
    return roles | {snippets.output_role(i): s for i, s in enumerate(call.epilogue.outputs, start=1)}
