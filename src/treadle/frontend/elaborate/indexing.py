"""Indexing: `x[0, :, a:b]`, `x[t]` in a scan, `x[ids]`, list elements, constructors like `zeros[N, 4]`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend import ast
from treadle.frontend.elaborate.arguments import Arguments, Given
from treadle.frontend.elaborate.loops import elements
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.values import (
    NONE,
    Built,
    DefinitionValue,
    ScanIndex,
    Tensor,
    Value,
    describe,
    is_size,
)
from treadle.source import Span
from treadle.types import Dim, DimLike, DType

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator


@dataclass(frozen=True)
class Part:
    """An evaluated slice `start:stop:step`."""

    start: DimLike | None
    stop: DimLike | None
    step: int


@dataclass(frozen=True)
class Rest:
    """`...` in an index: whole axes, as many as are left over."""


@dataclass
class _Plan:
    """What an index does to each axis of its tensor, in order."""

    starts: list[DimLike]
    stops: list[DimLike]
    steps: list[int]
    flips: list[int]
    kept: list[bool]
    gathers: list[tuple[int, Tensor]]


def evaluate_item(el: Elaborator, item: ast.Expr | ast.Slice | ast.Dots, scope: Scope) -> Value:
    """The value of one part of an index."""
    if isinstance(item, ast.Dots):
        return Rest()
    if isinstance(item, ast.Slice):
        start, stop, step = (
            None if part is None else el.evaluate(part, scope) for part in (item.start, item.stop, item.step)
        )
        for value in (start, stop):
            if value is not None and not is_size(value):
                fail("E0403", f"the bounds of a slice are integers, not {describe(value)}", item.span)
        if step is not None and (not isinstance(step, int) or isinstance(step, bool) or step == 0):
            fail("E0411", f"the step of a slice is an integer other than 0, not {describe(step)}", item.span)
        return Part(start, stop, 1 if step is None else step)
    return el.evaluate(item, scope)


def index(el: Elaborator, value: Value, items: Sequence[Value], expr: ast.Index) -> Value:
    """`value[items]`.

    Raises:
        TreadleError: E0408, E0211 out of range, E0202 too many parts, E0407 for what has no elements.
    """
    if isinstance(value, ScanIndex):
        value = value.position()
    if isinstance(value, Tensor):
        return _index_tensor(el, value, items, expr.span)
    if isinstance(value, list | tuple | range | str) and len(items) == 1:
        return _index_list(value, items[0], expr.span)
    if isinstance(value, DefinitionValue | Built) and isinstance(value.definition, ast.Init):
        return _construct(el, value, items, expr)
    fail("E0407", f"{describe(value)} cannot be indexed", expr.span)


def _construct(el: Elaborator, value: Value, items: Sequence[Value], expr: ast.Index) -> Value:
    """`zeros[N, 4]`: an initialiser called with a shape."""
    shape: list[DimLike] = []
    for item in items:
        sizes = elements(item, expr.span) if isinstance(item, list | tuple) else [item]
        for size in sizes:
            if not is_size(size) or (isinstance(size, int) and size < 0):
                fail("E0413", f"a shape holds integers of at least 0, not {describe(size)}", expr.span)
            shape.append(size)
    if isinstance(value, DefinitionValue):
        value = el.call(value, Arguments([], {}), expr)
    return el.call(value, Arguments([Given(shape, expr.span)], {}), expr)


def _index_list(value: Sequence[Value], item: Value, span: Span) -> Value:
    if isinstance(item, Part):
        if isinstance(item.start, Dim) or isinstance(item.stop, Dim):
            fail("E0403", "the bounds of a slice of a list are integers", span)
        part = value[item.start : item.stop : item.step]
        return part if isinstance(part, str) else elements(part, span)
    if not isinstance(item, int) or isinstance(item, bool):
        fail("E0407", f"a list is indexed by an integer, not by {describe(item)}", span)
    if not -len(value) <= item < len(value):
        hint = f"the last index is {len(value) - 1}" if value else "the list is empty"
        fail("E0408", f"index {item} of a list of {len(value)} elements", span, hint=hint)
    return value[item]


def _index_tensor(el: Elaborator, value: Tensor, items: Sequence[Value], span: Span) -> Tensor:
    if len(items) == 1 and isinstance(items[0], ScanIndex):
        element = items[0].elements.get(value.identity)
        if element is not None:
            return element
    items = [item.position() if isinstance(item, ScanIndex) else item for item in items]
    expanded, new_axes = _expand(value, items, span)
    plan = _plan(value, expanded, span)
    return _insert(el, _run(el, value, plan), new_axes)


def _expand(value: Tensor, items: Sequence[Value], span: Span) -> tuple[list[Value], list[int]]:
    """One item per axis, and the places in the result where `none` adds an axis."""
    if sum(isinstance(item, Rest) for item in items) > 1:
        fail("E0202", "an index holds `...` at most once", span)
    count = sum(1 for item in items if not isinstance(item, Rest) and item is not NONE)
    if count > value.rank:
        fail("E0202", f"{count} indices for {value.type}, which has {value.rank} axes", span)
    full = Part(None, None, 1)
    expanded: list[Value] = []
    new_axes: list[int] = []
    place = 0
    filled = any(isinstance(item, Rest) for item in items)
    for item in items if filled else [*items, Rest()]:
        if item is NONE:
            new_axes.append(place)
            place += 1
        elif isinstance(item, Rest):
            expanded.extend([full] * (value.rank - count))
            place += value.rank - count
        else:
            expanded.append(item)
            place += 1 if isinstance(item, Part) else item.rank if isinstance(item, Tensor) else 0
    return expanded, new_axes


def _plan(value: Tensor, items: Sequence[Value], span: Span) -> _Plan:
    plan = _Plan([], [], [], [], [], [])
    for axis, (dim, item) in enumerate(zip(value.shape, items, strict=True)):
        start: DimLike = 0
        stop, step, keep = dim, 1, True
        if isinstance(item, Part):
            start, stop, step = _bounds(item, dim, axis, plan)
        elif isinstance(item, Tensor):
            _check_positions(item, span)
            plan.gathers.append((axis, item))
        elif is_size(item):
            start = _position(item, dim, value, axis, span)
            stop, keep = start + 1, False
        else:
            fail(
                "E0407",
                f"a tensor is indexed by integers, slices and integer tensors, not {describe(item)}",
                span,
            )
        plan.starts.append(start)
        plan.stops.append(stop)
        plan.steps.append(step)
        plan.kept.append(keep)
    return plan


def _check_positions(item: Tensor, span: Span) -> None:
    if item.dtype is DType.BOOL:
        hint = "`where(condition, a, b)` chooses between elements"
        fail("E0214", f"a tensor is indexed by integers, not by {item.type}", span, hint=hint)
    if not item.dtype.is_int:
        hint = "convert the positions: `cast(..., i64)`"
        fail("E0214", f"a tensor is indexed by integers, not by {item.type}", span, hint=hint)


def _bounds(item: Part, dim: DimLike, axis: int, plan: _Plan) -> tuple[DimLike, DimLike, int]:
    """Start, stop and step as a slice with a positive step; a negative one also notes a flip."""
    if item.step > 0:
        start = 0 if item.start is None else _clamped(item.start, dim)
        stop = dim if item.stop is None else _clamped(item.stop, dim)
        return start, stop, item.step
    first = dim - 1 if item.start is None else _clamped(item.start, dim - 1)
    last = -1 if item.stop is None else _clamped(item.stop, dim)
    plan.flips.append(axis)
    step = -item.step
    count = (first - last - 1) // step
    return first - count * step, first + 1, step


def _clamped(bound: DimLike, dim: DimLike) -> DimLike:
    """A slice bound as a position: counted from the end when negative, and not past it."""
    if isinstance(bound, int) and bound < 0:
        bound = dim + bound
    if isinstance(bound, int) and isinstance(dim, int):
        return max(0, min(bound, dim))
    return bound


def _position(item: DimLike, dim: DimLike, value: Tensor, axis: int, span: Span) -> DimLike:
    position = dim + item if isinstance(item, int) and item < 0 else item
    if isinstance(position, int) and (position < 0 or (isinstance(dim, int) and position >= dim)):
        fail("E0211", f"index {item} of axis {axis} of {value.type}", span)
    return position


def _run(el: Elaborator, value: Tensor, plan: _Plan) -> Tensor:
    result = value
    if (
        (*plan.starts,) != (0,) * value.rank
        or (*plan.stops,) != value.shape
        or any(s != 1 for s in plan.steps)
    ):
        result = el.op("slice", value, starts=(*plan.starts,), stops=(*plan.stops,), steps=(*plan.steps,))
    if plan.flips:
        result = el.op("flip", result, axes=tuple(plan.flips))
    for axis, positions in reversed(plan.gathers):
        result = el.op("take", result, positions, axis=axis)
    if all(plan.kept):
        return result
    return el.op("reshape", result, shape=_kept_shape(result, plan))


def _kept_shape(result: Tensor, plan: _Plan) -> tuple[DimLike, ...]:
    """The shape without the axes that an integer picked one element of."""
    ranks = {axis: positions.rank for axis, positions in plan.gathers}
    shape: list[DimLike] = []
    place = 0
    for axis, keep in enumerate(plan.kept):
        width = ranks.get(axis, 1)
        if keep:
            shape.extend(result.shape[place : place + width])
        place += width
    return tuple(shape)


def _insert(el: Elaborator, value: Tensor, axes: Sequence[int]) -> Tensor:
    if not axes:
        return value
    shape = list(value.shape)
    for axis in axes:
        shape.insert(axis, 1)
    return el.op("reshape", value, shape=tuple(shape))


def swap_last(el: Elaborator, value: Tensor) -> Tensor:
    """The tensor with its last two axes exchanged.

    Raises:
        TreadleError: E0202 for fewer than two axes.
    """
    if value.rank < 2:
        fail("E0202", f"{value.type} has no two axes to exchange", el.here)
    rank = value.rank
    return el.op("transpose", value, perm=(*range(rank - 2), rank - 1, rank - 2))
