"""Programs for tests of the GPU runtime: steps of gallery specs, and stand-ins for kernels."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from treadle.backends.numba_cuda.kernel import KernelSource, Launch, Pointer, Steps
from treadle.backends.numba_cuda.link import Linker, places_of, unrolled
from treadle.driver import optimise
from treadle.frontend.gallery import gallery
from treadle.frontend.load import load_spec
from treadle.ir import Graph
from treadle.loops import Kernel
from treadle.loops.expr import Load, walk
from treadle.loops.kernel import Store, expressions, walk_statements
from treadle.lower.plan import Call, KernelCall, storages
from treadle.lower.storage import Buffer, Storage
from treadle.train.length import TOTAL_STEPS
from treadle.train.programs import sized

SIX = ("smallest_perceptron", "xor_mlp", "digits_mlp", "lenet", "char_lstm", "wgan_gp")
_POINTED = {"bool": "u8", "bf16": "u16", "f16": "u16"}


@cache
def step_graphs(name: str, batch: int = 4) -> dict[str, Graph]:
    """The optimised step graphs of a gallery spec's phases; every dimension that only data decides is 5."""
    (plan,) = load_spec(gallery()[name]).trains.values()
    graphs = {}
    for phase in plan.phases:
        known = dict.fromkeys(phase.graph.symbols(), 5) | {plan.eval.batch: batch, TOTAL_STEPS: 100}
        graphs[phase.name] = optimise(sized(phase.graph, batch, known))
    return graphs


def sample_inputs(graph: Graph, seed: int = 0) -> dict[str, np.ndarray]:
    """Values for the inputs of a graph; indices are 0 or 1."""
    draw = np.random.default_rng(seed)
    return {name: _sample(node.type, draw) for name, node in graph.inputs.items()}


def _sample(type_: Any, draw: np.random.Generator) -> np.ndarray:
    shape, dtype = type_.static_shape(), np.dtype(type_.dtype.numpy_name)
    if dtype.kind == "f":
        return draw.standard_normal(shape).astype(dtype)
    return draw.integers(2, size=shape).astype(dtype)


def stand_in(call: Call) -> Steps:
    """One launch that takes all operands of a call, and scratch for products; its text does nothing."""
    roles = places_of(call)
    params = tuple(f"{_POINTED.get(str(p.buffer.dtype), p.buffer.dtype)}*" for p in roles.values())
    pointers = tuple(Pointer(role) for role in roles)
    scratch = 0 if isinstance(call, KernelCall) else 512
    names = ", ".join(f"p{number}" for number in range(len(params)))
    source = KernelSource("stand-in", f"def kernel({names}):\n    pass\n", params, 32)
    return Steps((Launch(source, (1, 1, 1), (32, 1, 1), pointers),), scratch)


def no_code(sources: list[KernelSource], target: str) -> list[bytes]:
    """Cubins for a device that does not look at them."""
    return [f"{target} {source.name}".encode() for source in sources]


def reads_of(call: Call) -> list[tuple[Buffer, np.ndarray | None]]:
    """What a call reads: buffers, and the elements where they are known exactly."""
    if isinstance(call, KernelCall):
        return [(call.operands[number].buffer, None) for number in sorted(_loaded(call.kernel))]
    return [(storage.buffer, elements(storage)) for storage in storages(call)[0]]


def writes_of(call: Call) -> list[tuple[Buffer, np.ndarray | None]]:
    """What a call writes."""
    if isinstance(call, KernelCall):
        pairs = zip(call.operands, call.kernel.buffers, strict=True)
        return [(operand.buffer, None) for operand, param in pairs if param.written]
    return [(storage.buffer, elements(storage)) for storage in storages(call)[1]]


def elements(storage: Storage) -> np.ndarray | None:
    """The elements of a buffer that a storage names; None where loops move it."""
    if any(step for _, step in storage.moves):
        return None
    index = np.asarray(storage.offset)
    for size, stride in zip(storage.shape, storage.strides, strict=True):
        index = index[..., None] + np.arange(size) * stride
    return index.reshape(-1)


def calls_in_order(linker: Linker, calls: tuple[Call, ...]) -> Iterator[Call]:
    """Every call as often as it runs, once for all its commands."""
    last = None
    for command in unrolled(linker.link(calls)):
        first = command.step is linker.steps[command.call].steps[0]
        if first or command.call is not last:
            yield command.call
        last = command.call


@cache
def _loaded(kernel: Kernel) -> frozenset[int]:
    """The buffers whose earlier contents a kernel uses; not those that it writes before it reads them."""
    first: dict[int, str] = {}
    for statement in walk_statements(kernel.body):
        for value in expressions(statement):
            for expr in walk(value):
                if isinstance(expr, Load):
                    first.setdefault(expr.buffer, "read")
        if isinstance(statement, Store):
            first.setdefault(statement.buffer, "read" if statement.accumulate else "written")
    return frozenset(number for number, how in first.items() if how == "read")
