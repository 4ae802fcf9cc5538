"""The result of lowering: calls in order, and the buffers they work on.

A call is a generated kernel, a product for which a target has a template (matrix product, convolution), or
a loop over calls. Non-goals: addresses and object code, which belong to a backend.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from treadle.ir import Node
from treadle.loops import Expr, Kernel, Let
from treadle.lower.storage import Buffer, BufferKind, Storage
from treadle.types import DType


@dataclass(frozen=True)
class Operand:
    """A buffer of a call, and by how many elements it advances in each iteration of enclosing loops (by
    number)."""

    buffer: Buffer
    moves: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, eq=False)
class KernelCall:
    """A run of a kernel. `nodes` are what it computes; `work` estimates its operations."""

    kernel: Kernel
    operands: tuple[Operand, ...]
    sizes: tuple[int, ...]
    work: int
    nodes: tuple[Node, ...] = ()


@dataclass(frozen=True, eq=False)
class BatchCall:
    """Calls of one kernel that do not depend on each other and run in one launch; made by `batch.py`."""

    calls: tuple[KernelCall, ...]

    @property
    def nodes(self) -> tuple[Node, ...]:
        return tuple(node for call in self.calls for node in call.nodes)

    @property
    def operands(self) -> tuple[Operand, ...]:
        return tuple(operand for call in self.calls for operand in call.operands)

    @property
    def work(self) -> int:
        return sum(call.work for call in self.calls)


@dataclass(frozen=True)
class EpilogueOperand:
    """A tensor that an epilogue reads; `kind` is scalar, row (one per m or filter), column (one per n)
    or full."""

    name: str
    kind: str
    storage: Storage


@dataclass(frozen=True)
class Epilogue:
    """What is done to each element of a product before it is stored.

    `lets` are over `Var("value")` and the operands' names, `results` over those and what `lets` name. The
    first result goes to the product's output, the others to `outputs`; no results means the value itself.
    """

    operands: tuple[EpilogueOperand, ...] = ()
    lets: tuple[Let, ...] = ()
    results: tuple[Expr, ...] = ()
    outputs: tuple[Storage, ...] = ()


@dataclass(frozen=True, eq=False)
class MatmulCall:
    """`c[b, m, n] = epilogue(sum over k of a[b, m, k] * b[b, k, n])`; storages of rank 3.

    The batch of a and b may be of two axes: then both have rank 4.
    A batch stride of 0 repeats an operand. `packed` holds a prepared copy of b, made by a `PackCall` before.
    """

    a: Storage
    b: Storage
    c: Storage
    epilogue: Epilogue = Epilogue()
    nodes: tuple[Node, ...] = ()
    packed: Buffer | None = None

    @property
    def dtype(self) -> DType:
        return self.c.buffer.dtype


@dataclass(frozen=True, eq=False)
class PackCall:
    """Prepares the right operand of a product for repeated use, in a layout of the target's own."""

    product: MatmulCall
    packed: Buffer


@dataclass(frozen=True, eq=False)
class ConvCall:
    """`op` is conv, conv_input_grad or conv_filter_grad, with the attributes of the graph's op."""

    op: str
    inputs: tuple[Storage, Storage]
    output: Storage
    attrs: Mapping[str, object]
    epilogue: Epilogue = Epilogue()
    nodes: tuple[Node, ...] = ()

    @property
    def dtype(self) -> DType:
        return self.output.buffer.dtype


@dataclass(frozen=True, eq=False)
class LoopCall:
    """Runs its body `count` times; `number` is what the moves of operands in the body refer to."""

    number: int
    count: int
    body: tuple[Call, ...]


Call = KernelCall | BatchCall | MatmulCall | PackCall | ConvCall | LoopCall


@dataclass(eq=False)
class Plan:
    """A lowered program.

    Attributes:
        calls: in order.
        inputs: the caller's arrays, by name.
        leaves: params and states, by name.
        outputs: results, by name.
        buffers: all of them.
    """

    name: str
    calls: tuple[Call, ...]
    inputs: dict[str, Storage]
    leaves: dict[str, Storage]
    outputs: dict[str, Storage]
    buffers: list[Buffer] = field(default_factory=list)

    def kernels(self) -> list[Kernel]:
        """The distinct kernels, in order of their first call."""
        alone = [(call,) for call in walk(self.calls) if isinstance(call, KernelCall)]
        batches = [call.calls for call in walk(self.calls) if isinstance(call, BatchCall)]
        return list(dict.fromkeys(call.kernel for calls in (*alone, *batches) for call in calls))

    def bytes_of(self, kind: BufferKind) -> int:
        """Total size of the buffers of a kind, without reuse."""
        return sum(buffer.bytes for buffer in self.buffers if buffer.kind is kind)


def walk(calls: Sequence[Call]) -> Iterator[Call]:
    """All calls, those inside loops after the loop."""
    for call in calls:
        yield call
        if isinstance(call, LoopCall):
            yield from walk(call.body)


def storages(call: Call) -> tuple[list[Storage], list[Storage]]:
    """What a product reads and writes."""
    if isinstance(call, MatmulCall):
        reads, output = [call.a, call.b], call.c
    elif isinstance(call, ConvCall):
        reads, output = list(call.inputs), call.output
    else:
        raise TypeError(f"{type(call).__name__} has operands, not storages")
    reads.extend(operand.storage for operand in call.epilogue.operands)
    return reads, [output, *call.epilogue.outputs]


def touched(call: Call) -> tuple[set[Buffer], set[Buffer]]:
    """The buffers that a call reads and those that it writes."""
    if isinstance(call, LoopCall | BatchCall):
        pairs = [touched(inner) for inner in (call.body if isinstance(call, LoopCall) else call.calls)]
        return set().union(*(r for r, _ in pairs)), set().union(*(w for _, w in pairs))
    if isinstance(call, KernelCall):
        written = {
            o.buffer for o, param in zip(call.operands, call.kernel.buffers, strict=True) if param.written
        }
        return {operand.buffer for operand in call.operands}, written
    if isinstance(call, PackCall):
        return {call.product.b.buffer}, {call.packed}
    reads, writes = storages(call)
    prepared = {call.packed} if isinstance(call, MatmulCall) and call.packed else set()
    return {storage.buffer for storage in reads} | prepared, {storage.buffer for storage in writes}


def used(calls: Sequence[Call]) -> set[Buffer]:
    """All buffers that calls read or write."""
    pairs = [touched(call) for call in calls]
    return set().union(*(reads | writes for reads, writes in pairs))
