"""What a call of a plan costs at least, and which line of the spec it comes from.

Input: a call. Output: its `Cost`. Bytes count each operand once, as if caches were perfect; operations count
a multiplication and the addition that follows as two.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

from treadle.ir import Node
from treadle.lower.plan import BatchCall, Call, ConvCall, KernelCall, LoopCall, MatmulCall, PackCall, storages
from treadle.lower.storage import Storage
from treadle.source import Span


@dataclass(frozen=True)
class Cost:
    """A call: what people call it, where it comes from, the least bytes it moves, its operations."""

    name: str
    span: Span | None
    layer: str
    bytes: int
    operations: int


def cost_of(call: Call) -> Cost:
    """The cost of one run of a call; of all iterations for a loop."""
    if isinstance(call, LoopCall):
        return _several(f"loop of {call.count}", call.body, call.count)
    if isinstance(call, BatchCall):
        return _several(f"{len(call.calls)} {call.calls[0].kernel.name}", call.calls)
    if isinstance(call, PackCall):
        moved = 2 * _bytes(call.product.b)
        return Cost("pack", _span(call.product.nodes), _layer(call.product.nodes), moved, 0)
    if isinstance(call, KernelCall):
        return Cost(call.kernel.name, _span(call.nodes), _layer(call.nodes), _kernel_bytes(call), call.work)
    reads, writes = storages(call)
    moved = sum(map(_bytes, (*reads, *writes)))
    return Cost(_name(call), _span(call.nodes), _layer(call.nodes), moved, 2 * _multiply_adds(call))


def _several(name: str, calls: Iterable[Call], times: int = 1) -> Cost:
    inner = [cost_of(one) for one in calls]
    spans = [cost.span for cost in inner if cost.span]
    layers = [cost.layer for cost in inner if cost.layer]
    return Cost(
        name,
        spans[0] if spans else None,
        layers[0] if layers else "",
        times * sum(cost.bytes for cost in inner),
        times * sum(cost.operations for cost in inner),
    )


def _name(call: MatmulCall | ConvCall) -> str:
    if isinstance(call, ConvCall):
        return f"{call.op} {'x'.join(map(str, call.output.shape))}"
    batch, m, n = call.c.shape
    sizes = (m, n, call.a.shape[-1]) if batch == 1 else (batch, m, n, call.a.shape[-1])
    return f"matmul {'x'.join(map(str, sizes))}"


def _multiply_adds(call: MatmulCall | ConvCall) -> int:
    if isinstance(call, MatmulCall):
        return prod(call.c.shape) * call.a.shape[-1]
    first, second = call.inputs
    filters = {"conv": second, "conv_input_grad": second, "conv_filter_grad": call.output}[call.op]
    positions = {"conv": call.output, "conv_input_grad": first, "conv_filter_grad": second}[call.op]
    return prod(positions.shape) * prod(filters.shape[1:])


def _bytes(storage: Storage) -> int:
    distinct = (size for size, stride in zip(storage.shape, storage.strides, strict=True) if stride)
    return prod(distinct) * storage.buffer.dtype.itemsize


def _kernel_bytes(call: KernelCall) -> int:
    """Whole buffers, or what they advance by where a loop moves them."""
    total = 0
    for operand in call.operands:
        steps = [abs(step) for _, step in operand.moves if step]
        total += min([operand.buffer.elements, *steps]) * operand.buffer.dtype.itemsize
    return total


def _span(nodes: Iterable[Node]) -> Span | None:
    return next((node.span for node in nodes if node.span), None)


def _layer(nodes: Iterable[Node]) -> str:
    return next((node.scope for node in nodes if node.scope), "")
