"""The pipeline: the one module that knows all stages between a checked spec and a session that runs.

    step graph --prepare, expand--> with gradients --bind--> static sizes --optimise--> few cheap nodes
    --compile-->

Input: graphs of the frontend. Output: a `Session`, or the text of a stage. Non-goals: data, training loops.
Backends are imported when they are asked for, because importing Numba takes longer than checking a spec.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any, cast

from treadle.autodiff import expand
from treadle.backends.numba_cpu.printer import print_kernel
from treadle.backends.numba_cpu.threads import thread_count
from treadle.backends.protocol import Array, Backend, DeviceMemoryError, MemoryPlan, Session
from treadle.errors import did_you_mean, fail
from treadle.frontend.ast_text import ast_to_text
from treadle.frontend.result import Checked
from treadle.ir import Graph, bind, rewrite
from treadle.ir.text_print import print_graph
from treadle.lower.lower import lower
from treadle.lower.plan import Plan
from treadle.lower.target import LANES, Target
from treadle.lower.text import plan_text
from treadle.passes import order
from treadle.types import DType

Evaluate = Callable[[Graph, Mapping[str, Any]], dict[str, Array]]

_ASSUMED_SIZE = 64  # of symbolic dimensions in texts of stages that need sizes
_BATCH_TRIES = 8  # plans that the search for a batch that fits may make
_BACKENDS = {
    "cpu": "numba_cpu.backend:NumbaCpuBackend",
    "cuda": "numba_cuda.backend:NumbaCudaBackend",
    "numpy": "numpy_ref:NumpyBackend",
}


@dataclass(frozen=True)
class Program:
    """A graph to run, the sizes of its symbolic dimensions, and the element type of products and
    activations in what gradients are taken of."""

    graph: Graph
    sizes: Mapping[str, int] = field(default_factory=dict)
    precision: DType = DType.F32


def differentiate(graph: Graph, precision: DType = DType.F32) -> Graph:
    """The graph with every `grad` node replaced by the nodes that compute it."""
    return expand.run(order.prepare(graph, precision=precision))


def optimise(
    program: Program, *, print_after: Collection[str] = (), write: Callable[[str], None] = print
) -> Graph:
    """What a backend gets: gradients expanded, sizes bound, all passes run."""
    graph = differentiate(program.graph, program.precision)
    return order.optimise(bind(graph, program.sizes), print_after=print_after, write=write)


def load_backend(name: str) -> Backend:
    """The backend of the device that the user calls `name`.

    Raises:
        TreadleError: E1003 for an unknown name.
    """
    if name not in _BACKENDS:
        near = "did you mean `cuda`?" if name == "gpu" else did_you_mean(name, _BACKENDS)
        hint = near or f"devices are: {', '.join(_BACKENDS)}"
        fail("E1003", f"there is no device `{name}`", hint=hint)
    module, _, attribute = _BACKENDS[name].partition(":")
    return cast(Backend, getattr(import_module(f"treadle.backends.{module}"), attribute)())


def compile_programs(
    programs: Mapping[str, Program], device: str = "cpu", threads: int | None = None
) -> Session:
    """A session in which all programs share parameters and states by leaf name.

    Raises:
        TreadleError: E1003 for an unknown device, E05xx for what cannot be differentiated, E1103 for what
            the backend cannot run.
    """
    chosen = load_backend(device)
    return chosen.compile({name: optimise(program) for name, program in programs.items()}, threads=threads)


def compile_fitting(
    programs_for: Callable[[int], Mapping[str, Program]],
    batch: int,
    device: str = "cpu",
    threads: int | None = None,
) -> Session:
    """Like `compile_programs` of the programs for a batch; where they do not fit, says which batch does.

    Raises:
        DeviceMemoryError: E1017 with the largest batch that fits.
        TreadleError: see `compile_programs`.
    """
    try:
        return compile_programs(programs_for(batch), device, threads)
    except DeviceMemoryError as error:

        def needed(size: int) -> int:
            return plan_memory(programs_for(size), device, threads).total

        fitting = largest_batch(needed, batch, error.plan.total, error.free)
        hint = f"batch {fitting:,} fits" if fitting else "not even a batch of one example fits"
        raise DeviceMemoryError(error.plan, error.free, hint) from None


def largest_batch(needed: Callable[[int], int], batch: int, total: int, free: int) -> int:
    """The largest batch whose programs need at most `free` bytes, as far as a few plans can tell; 0 for none.

    Memory grows nearly in a straight line with the batch, so that each plan aims where the line through the
    two nearest ones meets the limit. `total` is what `batch`, which does not fit, needs.
    """
    low, high, least = 1, batch, needed(1)
    if least > free or batch == 1:
        return 0
    for _ in range(_BATCH_TRIES):
        if high - low <= 1:
            break
        guess = low + (free - least) * (high - low) // max(total - least, 1)
        guess = min(max(guess, low + 1), high - 1)
        size = needed(guess)
        if size <= free:
            low, least = guess, size
        else:
            high, total = guess, size
    return low


def evaluator(device: str) -> Evaluate:
    """What computes the outputs of graphs on a device; each graph is compiled once.

    Raises:
        TreadleError: E1003 for an unknown device; when called, what `compile_programs` raises.
    """
    load_backend(device)
    sessions: dict[Graph, Session] = {}

    def evaluate(graph: Graph, values: Mapping[str, Any]) -> dict[str, Array]:
        if graph not in sessions:
            sessions[graph] = compile_programs({graph.name: Program(graph)}, device)
        for name in graph.leaves():
            sessions[graph].write(name, values[name])
        return sessions[graph].run(graph.name, {name: values[name] for name in graph.inputs})

    return evaluate


def restrict(graph: Graph, wanted: Callable[[str], bool]) -> Graph:
    """The part of a graph that computes the outputs whose names are `wanted`; it changes no leaf."""
    kept = {name: node for name, node in graph.outputs.items() if wanted(name)}
    result = rewrite(graph, lambda _builder, _node, _inputs: None, keep=kept.values())
    result.outputs = {name: node for name, node in result.outputs.items() if name in kept}
    result.updates.clear()
    used = result.ancestors(result.roots())
    result.inputs = {name: node for name, node in result.inputs.items() if node.id in used}
    return result


def emit_stage(checked: Checked, stage: str) -> str:
    """The text of a stage: of every phase of every train block, or of the models when there is none.

    Raises:
        TreadleError: E1009 for an unknown stage.
    """
    if stage not in STAGES:
        hint = did_you_mean(stage, STAGES) or f"stages are: {', '.join(STAGES)}"
        fail("E1009", f"there is no stage `{stage}`", hint=hint)
    if stage == "ast":
        return ast_to_text(checked.spec)
    return "\n".join(_TEXTS[stage](program) for program in _programs(checked))


def print_passes(checked: Checked, name: str, write: Callable[[str], None] = print) -> None:
    """Writes the graphs of a spec after each run of the pass `name`, or of `all`.

    Raises:
        TreadleError: E1009 for an unknown pass.
    """
    if name != "all" and name not in order.PASS_NAMES:
        hint = did_you_mean(name, order.PASS_NAMES) or f"passes are: {', '.join(order.PASS_NAMES)}"
        fail("E1009", f"there is no pass `{name}`", hint=hint)
    for program in _programs(checked):
        optimise(program, print_after=(name,), write=write)


def plan_memory(
    programs: Mapping[str, Program], device: str = "cpu", threads: int | None = None
) -> MemoryPlan:
    """The memory that a compiled session of these programs needs on `cpu` or `cuda`; compiles nothing."""
    module = import_module(f"treadle.backends.{_BACKENDS[device].partition(':')[0]}")
    plan = cast(Callable[..., MemoryPlan], module.plan_memory)
    return plan({name: optimise(program) for name, program in programs.items()}, threads)


def lowered(program: Program, target: Target | None = None) -> tuple[Plan, str]:
    """The plan of a program for a target, this machine's cores by default; and the sizes that were assumed,
    in words, because only data decides them."""
    assumed = {name: _ASSUMED_SIZE for name in program.graph.symbols() if name not in program.sizes}
    sized = replace(program, sizes={**assumed, **program.sizes})
    plan = lower(optimise(sized), target=target or Target(threads=thread_count()))
    sizes = ", ".join(f"{name} = {size}" for name, size in assumed.items())
    return plan, f"assumed, since only data decides: {sizes}" if assumed else ""


def _lowered_text(program: Program, text: Callable[[Plan], str], target: Target | None = None) -> str:
    plan, assumed = lowered(program, target)
    return (f"# {assumed}\n" if assumed else "") + text(plan)


def _sources_text(plan: Plan) -> str:
    return "\n\n".join(print_kernel(kernel).text for kernel in plan.kernels())


def _cuda_text(plan: Plan) -> str:
    module = import_module("treadle.backends.numba_cuda.emit")
    return cast(Callable[[Plan], str], module.source_text)(plan)


def _programs(checked: Checked) -> list[Program]:
    steps = [
        Program(phase.graph, {plan.eval.batch: plan.batch} if plan.eval.batch else {}, phase.precision)
        for plan in checked.trains.values()
        for phase in plan.phases
    ]
    return steps or [Program(model.graph) for model in checked.models.values()]


_TEXTS: dict[str, Callable[[Program], str]] = {
    "graph": lambda program: print_graph(program.graph),
    "grad": lambda program: print_graph(differentiate(program.graph, program.precision)),
    "optimised": lambda program: print_graph(optimise(program)),
    "loops": lambda program: _lowered_text(program, plan_text),
    "cpu": lambda program: _lowered_text(program, _sources_text),
    "cuda": lambda program: _lowered_text(program, _cuda_text, LANES),
}
STAGES = ("ast", *_TEXTS)
