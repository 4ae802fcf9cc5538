"""Element rules of elementwise ops, views and generated values: what makes fusion possible.

Each rule says what one element of a node is, in terms of elements of its operands; so a chain of such nodes
becomes one expression inside whatever loop needs it.
"""

from __future__ import annotations

from functools import reduce
from itertools import accumulate

from treadle.ir import Node
from treadle.loops import Call, Const, Expr, Guard, Index, Position
from treadle.loops.index import dot
from treadle.loops.scalar import ScalarBuilder, literal
from treadle.lower.emitter import RULES, Emitter, Indices, Rule, rule
from treadle.lower.storage import contiguous_strides
from treadle.ops import REGISTRY
from treadle.types import DType

SCALAR = ScalarBuilder()


def is_inlinable(node: Node) -> bool:
    """Whether a node may be computed inside the loops of its users."""
    return node.op in RULES


def _elementwise(op: str) -> Rule:
    formula = REGISTRY[op].scalar
    if formula is None:
        raise TypeError(f"elementwise op {op} has no scalar formula; give it one in src/treadle/ops/")

    def element(emitter: Emitter, node: Node, indices: Indices) -> Expr:
        operands = [_operand(emitter, operand, indices) for operand in node.inputs]
        if op in {"eq", "ne"}:
            operands = _narrowed(emitter, operands)
        value: Expr = formula(SCALAR, *_invariants_named(emitter, operands), **node.attrs)
        return value

    return element


def _narrowed(emitter: Emitter, operands: list[Expr]) -> list[Expr]:
    """A stored position and a loop's own are compared in the stored one's narrower type, in which both
    fit."""
    for stored, own in (operands, operands[::-1]):
        if isinstance(stored, Call) and stored.function == "cast" and isinstance(own, Position):
            narrow = stored.operands[0]
            low, high = emitter.extremes(own.index)
            if narrow.dtype in _HIGHEST and low >= 0 and high <= _HIGHEST[narrow.dtype]:
                return [narrow, SCALAR.cast(own, narrow.dtype)]
    return operands


_HIGHEST = {DType.U8: 255, DType.I32: 2**31 - 1}


def _operand(emitter: Emitter, operand: Node, indices: Indices) -> Expr:
    """An operand's element; axes are paired from the right."""
    return emitter.value(operand, indices[len(indices) - operand.type.rank :])


def _invariants_named(emitter: Emitter, operands: list[Expr]) -> list[Expr]:
    """Names operands that depend on fewer loops than others, so that they are computed outside of the
    inner ones."""
    depths = [emitter.depth(operand) for operand in operands]
    deepest = max(depths)
    return [
        emitter.let(operand) if depth < deepest and isinstance(operand, Call | Guard) else operand
        for operand, depth in zip(operands, depths, strict=True)
    ]


for _op in REGISTRY:
    if _op.is_elementwise:
        RULES[_op.name] = _elementwise(_op.name)


@rule("const")
def _const(_emitter: Emitter, node: Node, _indices: Indices) -> Expr:
    return literal(node.attrs["value"], node.type.dtype)


@rule("iota")
def _iota(_emitter: Emitter, node: Node, indices: Indices) -> Expr:
    return SCALAR.cast(Position(indices[node.attrs["axis"]]), node.type.dtype)


@rule("reshape")
def _reshape(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    (x,) = node.inputs
    return emitter.value(x, reshaped(emitter, indices, node.type.static_shape(), x.type.static_shape()))


def reshaped(emitter: Emitter, indices: Indices, shape: tuple[int, ...], target: tuple[int, ...]) -> Indices:
    """The indices of the same element in a tensor of another shape.

    Axes are taken in the smallest groups of equal size, so that unchanged axes keep their index.
    """
    result: list[Index] = []
    for sources, targets in _groups(shape, target):
        if len(sources) == len(targets) == 1:
            result.append(indices[sources[0]])
            continue
        sizes = tuple(shape[axis] for axis in sources)
        linear = dot((indices[axis] for axis in sources), contiguous_strides(sizes))
        result.extend(_digits(emitter, linear, tuple(target[axis] for axis in targets)))
    return tuple(result)


def _digits(emitter: Emitter, linear: Index, shape: tuple[int, ...]) -> list[Index]:
    digits: list[Index] = []
    for position, size in reversed(list(enumerate(shape))):
        if all(outer == 1 for outer in shape[:position]):
            digits.extend([linear] + [Index()] * position)
            break
        linear, digit = emitter.divide(linear, size)
        digits.append(digit)
    return digits[::-1]


def _groups(old: tuple[int, ...], new: tuple[int, ...]) -> list[tuple[list[int], list[int]]]:
    """Pairs of neighbouring axes with equal products, as short as possible; axes of size 1 join the
    group before."""
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        left: list[int] = []
        right: list[int] = []
        a = b = 1
        while not (left or right) or a != b:
            if i < len(old) and (a <= b or j == len(new)):
                a, left, i = a * old[i], [*left, i], i + 1
            else:
                b, right, j = b * new[j], [*right, j], j + 1
            if a == b and not right and j < len(new):
                b, right, j = b * new[j], [*right, j], j + 1
        groups.append((left, right))
    return groups


@rule("transpose")
def _transpose(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    source = [Index()] * len(indices)
    for axis, index in zip(node.attrs["perm"], indices, strict=True):
        source[axis] = index
    return emitter.value(node.inputs[0], tuple(source))


@rule("broadcast_to")
def _broadcast_to(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    return _operand(emitter, node.inputs[0], indices)


@rule("slice")
def _slice(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    moved = (
        Index(start).plus(index, step)
        for start, step, index in zip(node.attrs["starts"], node.attrs["steps"], indices, strict=True)
    )
    return emitter.value(node.inputs[0], tuple(moved))


@rule("flip")
def _flip(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    shape, axes = node.type.static_shape(), node.attrs["axes"]
    flipped = (Index(shape[k] - 1).plus(i, -1) if k in axes else i for k, i in enumerate(indices))
    return emitter.value(node.inputs[0], tuple(flipped))


@rule("windows")
def _windows(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    source = list(indices[: node.inputs[0].type.rank])
    taps = indices[len(source) :]
    for tap, axis, stride, dilation in zip(
        taps, node.attrs["axes"], node.attrs["strides"], node.attrs["dilations"], strict=True
    ):
        source[axis] = source[axis].times(stride).plus(tap, dilation)
    return emitter.value(node.inputs[0], tuple(source))


@rule("pad")
def _pad(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    (x,) = node.inputs
    inner = tuple(index.plus(-low) for index, low in zip(indices, node.attrs["low"], strict=True))
    condition = within(emitter, inner, x.type.static_shape())
    fill = literal(node.attrs["value"], node.type.dtype)
    return guarded_value(emitter, condition, x, inner, fill)


def within(emitter: Emitter, indices: Indices, shape: tuple[int, ...]) -> Expr | None:
    """The condition that indices lie inside a shape; None if they always do."""
    tests: list[Expr] = []
    for index, size in zip(indices, shape, strict=True):
        low, high = emitter.extremes(index)
        if low < 0:
            tests.append(SCALAR.ge(Position(index), 0))
        if high >= size:
            tests.append(SCALAR.lt(Position(index), size))
    return reduce(SCALAR.logical_and, tests) if tests else None


def guarded_value(
    emitter: Emitter, condition: Expr | None, node: Node, indices: Indices, otherwise: Const
) -> Expr:
    """The element of a node if a condition holds, else a constant; the element is not read otherwise."""
    if condition is None:
        return emitter.value(node, indices)
    named = emitter.let(condition)
    with emitter.guarded():
        value = emitter.value(node, indices)
    return Guard(named, value, otherwise)


@rule("concat")
def _concat(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    """Parts are chosen from the last to the first; used only where the concatenation is not stored."""
    axis = node.attrs["axis"]
    ends = list(accumulate(part.type.static_shape()[axis] for part in node.inputs))
    result: Expr | None = None
    for part, end in reversed(list(zip(node.inputs, ends, strict=True))):
        start = end - part.type.static_shape()[axis]
        inner = (*indices[:axis], indices[axis].plus(-start), *indices[axis + 1 :])
        with emitter.guarded():
            value = emitter.value(part, inner)
        test = SCALAR.lt(Position(indices[axis]), end)
        result = value if result is None else Guard(test, value, result)
    if result is None:
        raise TypeError(f"{node} has no parts")
    return result


@rule("fold_windows")
def _fold_windows(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    """Windows that touch without overlap: each element belongs to one window or to none."""
    (y,) = node.inputs
    counts = y.type.static_shape()
    outer, taps = list(indices), []
    for axis, size in zip(node.attrs["axes"], node.attrs["sizes"], strict=True):
        outer[axis], tap = emitter.divide(indices[axis], size)
        taps.append(tap)
    source = (*outer, *taps)
    return guarded_value(emitter, within(emitter, source, counts), y, source, literal(0, node.type.dtype))


def folds_without_overlap(node: Node) -> bool:
    """Whether the windows of a `fold_windows` neither overlap nor leave gaps between them."""
    attrs = node.attrs
    return attrs["sizes"] == attrs["strides"] and all(d == 1 for d in attrs["dilations"])


@rule("take")
def _take(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    x, places = node.inputs
    axis, rank = node.attrs["axis"], places.type.rank
    place = clamped(emitter, emitter.value(places, indices[axis : axis + rank]), x.type.static_shape()[axis])
    return emitter.value(x, (*indices[:axis], place, *indices[axis + rank :]))


@rule("take_along")
def _take_along(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    x, places = node.inputs
    axis = node.attrs["axis"]
    place = clamped(emitter, emitter.value(places, indices), x.type.static_shape()[axis])
    return emitter.value(x, (*indices[:axis], place, *indices[axis + 1 :]))


def clamped(emitter: Emitter, place: Expr, size: int) -> Index:
    """An index read from memory, kept inside its axis."""
    wide = SCALAR.cast(place, DType.I64)
    inside = SCALAR.minimum(SCALAR.maximum(wide, 0), size - 1)
    return emitter.as_index(inside, (0, size - 1))


@rule("random_uniform", "random_normal")
def _random(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    (key,) = node.inputs
    words = [emitter.value(key, (Index(half),)) for half in (0, 1)]
    counter = Position(dot(indices, contiguous_strides(node.type.static_shape())))
    stream = Position(Index(node.attrs["stream"]))
    return Call(node.op, (*words, stream, counter), node.type.dtype)


@rule("fold_in")
def _fold_in(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    key, data = node.inputs
    words = [emitter.value(key, (Index(half),)) for half in (0, 1)]
    return Call("fold_in", (*words, emitter.value(data, ()), Position(indices[0])), DType.I64)
