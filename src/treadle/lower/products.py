"""Matrix products and convolutions: operands by strides, batches, and the elementwise work fused behind them.

Input: a product node and the stages that were fused to it. Output: calls of templates, which a backend has
for its target. A batch that no single stride describes (the heads of an attention) is one of two axes; where
that does not suffice it becomes a loop over calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod

from treadle.ir import Node
from treadle.loops import Expr, Guard, Index, Let, Position, Var
from treadle.loops.expr import walk
from treadle.loops.index import dot, number
from treadle.lower.emitter import Emitter, Indices
from treadle.lower.fuse import Group
from treadle.lower.plan import Call, ConvCall, Epilogue, EpilogueOperand, LoopCall, MatmulCall
from treadle.lower.storage import Storage, contiguous_strides, reshaped_strides

VALUE = "value"
Shape = tuple[int, ...]


def tiling(node: Node) -> Shape:
    """A product's result as a template sees it: (batch, rows, columns)."""
    shape = node.type.static_shape()
    if node.op == "matmul":
        if _batch_size(node.inputs[1]) == 1:
            return 1, prod(shape[:-1]), shape[-1]
        return prod(shape[:-2]), shape[-2], shape[-1]
    return shape[0], shape[1], prod(shape[2:])


def _batch_size(node: Node) -> int:
    return prod(node.type.static_shape()[:-2])


def fits_epilogue(product: Node, group: Group, locate: Callable[[Node], Storage]) -> bool:
    """Whether a group can run on each element of a product as it is stored."""
    if product.op not in {"matmul", "conv"} or any(
        group.inner(stage) or stage.reduces for stage in group.stages
    ):
        return False
    if any(stage.node.op == "concat" for stage in group.stages):
        return False
    if any(stage.node.type.dtype != product.type.dtype for stage in group.stages):
        return False
    try:
        make_epilogue(product, group, locate)
    except _Unfit:
        return False
    return True


class _Unfit(Exception):  # noqa: N818 - an answer, not an error
    """The group reads something that templates cannot address."""


@dataclass(frozen=True)
class _Access:
    """What a read looks like in the loops of a group: extents and factors, outermost first."""

    extents: Shape
    factors: Shape
    offset: int


def make_epilogue(
    product: Node, group: Group, locate: Callable[[Node], Storage]
) -> tuple[Epilogue, list[Node]]:
    """The epilogue that computes a group, and the nodes whose values its results are, in order.

    Raises:
        _Unfit: if a template cannot do it.
    """
    operands: dict[tuple[Node, Indices], EpilogueOperand] = {}
    outside = group.reads()

    def fetch(_emitter: Emitter, node: Node, indices: Indices) -> Expr | None:
        if node is product:
            _check_order(group, node, indices)
            return Var(VALUE, node.type.dtype)
        if node.id not in outside:
            return None
        key = (node, indices)
        if key not in operands:
            operands[key] = _operand(product, group, locate(node), indices, f"e{len(operands)}")
        return Var(operands[key].name, node.type.dtype)

    emitter = Emitter(fetch, {stage.node.id: 2 for stage in group.stages})
    emitter.ranges.update({row.name: (0, row.extent - 1) for row in group.rows})
    results: dict[Node, Expr] = {}
    for stage in group.stages:
        names = {mine: Index(0, ((row, 1),)) for mine, row in group.renames[stage].items()}
        where = tuple(index.replace(names) for index in stage.position)
        _check_order(group, stage.node, where)
        value = emitter.let(stage.element(emitter, tuple(axis.replace(names) for axis in stage.axes)))
        emitter.remember(stage.node, where, value)
        results[stage.node] = value
    lets = tuple(statement for statement in emitter.body if isinstance(statement, Let))
    _check_values([let.value for let in lets])
    return Epilogue(tuple(operands.values()), lets, tuple(results.values())), list(results)


def _check_values(values: Sequence[Expr]) -> None:
    if any(isinstance(part, Position | Guard) for value in values for part in walk(value)):
        raise _Unfit


def _access(group: Group, storage: Storage, indices: Indices) -> _Access:
    index = dot(indices, storage.strides, storage.offset)
    names = [row.name for row in group.rows]
    if set(index.variables) - set(names):
        raise _Unfit
    factors = tuple(index.factor(name) for name in names)
    return _Access(tuple(row.extent for row in group.rows), factors, number(index.offset))


def _check_order(group: Group, node: Node, indices: Indices) -> None:
    """The loops of the group must walk a node's elements in the order of memory."""
    shape = node.type.static_shape()
    index = dot(indices, contiguous_strides(shape))
    extents = tuple(row.extent for row in group.rows)
    factors = tuple(index.factor(row.name) for row in group.rows)
    if index.offset != 0 or factors != contiguous_strides(extents) or prod(extents) != prod(shape):
        raise _Unfit


def _operand(product: Node, group: Group, storage: Storage, indices: Indices, name: str) -> EpilogueOperand:
    access = _access(group, storage, indices)
    sizes = tiling(product)
    strides = reshaped_strides(access.extents, access.factors, sizes)
    if strides is None or storage.buffer.dtype != product.type.dtype:
        raise _Unfit
    kind = _operand_kind(product, sizes, strides)
    place = replace(storage, shape=sizes, strides=strides, offset=access.offset)
    return EpilogueOperand(name, kind, place)


def _operand_kind(product: Node, sizes: Shape, strides: Shape) -> str:
    """How a template addresses an operand; axes of one element have no say."""
    batch, row, column = (0 if size == 1 else stride for size, stride in zip(sizes, strides, strict=True))
    is_conv = product.op != "matmul"
    if row == column == 0 and (batch == 0 or not is_conv):
        return "scalar"
    if column == 0 and row == 1 and (batch == 0 or not is_conv):
        return "row"
    if row == 0 and column == 1 and not is_conv:
        return "column"
    if column == 1 and (not is_conv or _is_dense(sizes, (batch, row, column))):
        return "full"
    raise _Unfit


def _is_dense(sizes: Shape, strides: Shape) -> bool:
    pairs = zip(sizes, strides, contiguous_strides(sizes), strict=True)
    return all(size == 1 or have == want for size, have, want in pairs)


def matmul_calls(
    node: Node,
    a: Storage,
    b: Storage,
    c: Storage,
    epilogue: Epilogue,
    new_loop: Callable[[], int],
    nodes: tuple[Node, ...],
) -> list[Call]:
    """The calls that compute a matrix product into `c`."""
    batch, rows, columns = tiling(node)
    depth = a.shape[-1]
    if batch == 1 and prod(b.shape[:-2]) == 1:
        strides = reshaped_strides(a.shape, a.strides, (1, rows, depth))
        if strides is not None:
            left = replace(a, shape=(1, rows, depth), strides=strides)
            right = replace(b, shape=(1, *b.shape[-2:]), strides=(0, *b.strides[-2:]))
            out = replace(c, shape=(1, rows, columns), strides=contiguous_strides((1, rows, columns)))
            return [MatmulCall(left, right, out, epilogue, nodes)]
    outer = c.shape[:-2]
    storages = [_spread(a, outer), _spread(b, outer), c]
    if _folded(storages, outer) is None:
        pair = _in_two_axes(storages, outer)
        if pair is not None:
            return [MatmulCall(*pair, epilogue, nodes)]
    return _batched(storages, outer, epilogue, new_loop, nodes)


def _folded(storages: list[Storage], outer: Shape) -> tuple[Storage, Storage, Storage] | None:
    """The storages with one batch axis, if all can have one."""
    a, b, c = (_fold_batch(storage, outer) for storage in storages)
    return None if a is None or b is None or c is None else (a, b, c)


def _in_two_axes(storages: list[Storage], outer: Shape) -> tuple[Storage, Storage, Storage] | None:
    """a and b with two batch axes, c with one: the first division of the axes that gives regular strides."""
    a, b, c = storages
    whole = _fold_batch(c, outer)
    for split in range(1, len(outer)):
        pair = [_fold_pair(storage, outer, split) for storage in (a, b)]
        if whole is not None and pair[0] is not None and pair[1] is not None:
            return pair[0], pair[1], whole
    return None


def _fold_pair(storage: Storage, outer: Shape, split: int) -> Storage | None:
    """The storage with the first `split` batch axes as one, and the others as one."""
    sizes = (prod(outer[:split]), prod(outer[split:]))
    first = reshaped_strides(outer[:split], storage.strides[:split], sizes[:1])
    second = reshaped_strides(outer[split:], storage.strides[split : len(outer)], sizes[1:])
    if first is None or second is None:
        return None
    rest = len(outer)
    return replace(
        storage,
        shape=(*sizes, *storage.shape[rest:]),
        strides=(*first, *second, *storage.strides[rest:]),
    )


def _batched(
    storages: list[Storage],
    outer: Shape,
    epilogue: Epilogue,
    new_loop: Callable[[], int],
    nodes: tuple[Node, ...],
) -> list[Call]:
    """Products of a, b and c over the batch axes `outer`, which all three have."""
    folded = _folded(storages, outer)
    if folded is not None:
        return [MatmulCall(*folded, epilogue, nodes)]
    if epilogue.results:
        raise ValueError("an epilogue needs a batch with one stride")
    loop = new_loop()
    body = _batched([_first(storage, loop) for storage in storages], outer[1:], epilogue, new_loop, nodes)
    return [LoopCall(loop, outer[0], tuple(body))]


def _spread(storage: Storage, outer: Shape) -> Storage:
    """The storage with the full batch axes; repeated ones have stride 0."""
    missing = len(outer) - (len(storage.shape) - 2)
    shape = (1,) * missing + storage.shape[:-2]
    strides = (0,) * missing + storage.strides[:-2]
    spread = tuple(0 if size == 1 else stride for size, stride in zip(shape, strides, strict=True))
    return replace(storage, shape=(*outer, *storage.shape[-2:]), strides=(*spread, *storage.strides[-2:]))


def _fold_batch(storage: Storage, outer: Shape) -> Storage | None:
    """The storage with one batch axis."""
    strides = reshaped_strides(outer, storage.strides[: len(outer)], (prod(outer),))
    if strides is None:
        return None
    return replace(
        storage,
        shape=(prod(outer), *storage.shape[len(outer) :]),
        strides=(*strides, *storage.strides[len(outer) :]),
    )


def _first(storage: Storage, loop: int) -> Storage:
    """One element of the first axis, which advances with a loop."""
    inner = replace(storage, shape=storage.shape[1:], strides=storage.strides[1:])
    return inner.moved(loop, storage.strides[0])


def can_fold(node: Node, a: Storage, b: Storage) -> bool:
    """Whether a matrix product is a single call, to which an epilogue can be attached."""
    place = _anywhere(node, a)
    calls = matmul_calls(node, a, b, place, Epilogue(), lambda: 0, ())
    return len(calls) == 1 and isinstance(calls[0], MatmulCall) and calls[0].c.shape == tiling(node)


def _anywhere(node: Node, like: Storage) -> Storage:
    shape = node.type.static_shape()
    return Storage(like.buffer, shape, contiguous_strides(shape))


def conv_call(
    node: Node, inputs: Sequence[Storage], output: Storage, epilogue: Epilogue, nodes: tuple[Node, ...]
) -> ConvCall:
    """The call of a convolution template; all storages are contiguous."""
    first, second = inputs
    return ConvCall(node.op, (first, second), output, dict(node.attrs), epilogue, nodes)
