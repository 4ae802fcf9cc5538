"""Writing at computed positions: `scatter` element by element, `put` for whole parts along an axis.

Both give a new tensor in which what an index names is replaced by, or combined with, the values sent there.
Of several values for one place the last one is kept; or they are added, averaged, multiplied, compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend.elaborate import convert
from treadle.frontend.elaborate.builtins.gather import indices
from treadle.frontend.elaborate.builtins.registry import axis, builtin, here, size, tensor
from treadle.frontend.elaborate.values import Tensor, Value, describe
from treadle.types import DimLike, DType, Shape

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator

_axis = axis  # functions below have a parameter of this name


@dataclass(frozen=True)
class _Sending:
    """Values on their way to positions along an axis of a tensor."""

    el: Elaborator
    base: Tensor
    values: Tensor
    ids: Tensor
    axis: int
    along: bool  # whether each element has a position of its own

    def op(self, name: str, *operands: Tensor, **attrs: object) -> Tensor:
        return self.el.op(name, *operands, **attrs)

    def number(self, value: float) -> Tensor:
        return convert.constant(self.el, value, self.base.dtype)

    def combined(self, op: str, values: Tensor) -> Tensor:
        """`scatter_add` or `scatter_max` of values with a position each."""
        name = f"{op}_along" if self.along else op
        return self.op(name, values, self.ids, axis=self.axis, size=self.base.shape[self.axis])

    def row(self, size: DimLike) -> Shape:
        """The shape of something that changes along the axis only."""
        return tuple([size if k == self.axis else 1 for k in range(self.base.rank)])

    def total(self) -> Tensor:
        return self.combined("scatter_add", self.values)

    def counts(self) -> Tensor:
        """How many values each place gets."""
        ones = self.op("broadcast_to", self.number(1), shape=self.values.shape)
        return self.combined("scatter_add", ones)

    def largest(self, values: Tensor) -> Tensor:
        return self.combined("scatter_max", values)

    def last(self) -> tuple[Tensor, Tensor]:
        """The last value sent to each place, and whether there is one."""
        along = self.ids.shape if self.along else (self.ids.shape[0],)
        numbers = self.op("iota", dtype=DType.I64, shape=along, axis=self.axis if self.along else 0)
        name, at = ("scatter_max_along", self.axis) if self.along else ("scatter_max", 0)
        winner = self.op(name, numbers, self.ids, axis=at, size=self.base.shape[self.axis])
        zero = convert.constant(self.el, 0, DType.I64)
        place, hit = self.op("maximum", winner, zero), self.op("ge", winner, zero)
        read = "take_along" if self.along else "take"
        if not self.along:
            hit = self.op("reshape", hit, shape=self.row(self.base.shape[self.axis]))
        return self.op(read, self.values, place, axis=self.axis), hit

    def product(self) -> Tensor:
        """Each place compares its number with all ids, so that zeros are no special case."""
        base, ids = self.base, self.ids
        if not self.along:
            ids = self.op("reshape", ids, shape=self.row(ids.shape[0]))
        expanded = [
            self.op("reshape", t, shape=(*t.shape[: self.axis + 1], 1, *t.shape[self.axis + 1 :]))
            for t in (ids, self.values)
        ]
        shape = (1, *self.row(base.shape[self.axis]))
        places = self.op("iota", dtype=ids.dtype, shape=shape, axis=self.axis + 1)
        hit = self.op("eq", expanded[0], places)
        factors = self.op("where", hit, expanded[1], self.number(1))
        return self.op("prod", factors, axes=(self.axis,), keepdims=False)


def _keep_last(s: _Sending, _include: bool) -> Tensor:
    value, hit = s.last()
    return s.op("where", hit, value, s.base)


def _add(s: _Sending, include: bool) -> Tensor:
    if include and not s.along:
        return s.op("scatter_add_into", s.base, s.values, s.ids, axis=s.axis)
    return s.op("add", s.base, s.total()) if include else _replaced(s, s.total())


def _mean(s: _Sending, include: bool) -> Tensor:
    if include:
        return s.op("div", s.op("add", s.base, s.total()), s.op("add", s.counts(), s.number(1)))
    return _replaced(s, s.op("div", s.total(), s.op("maximum", s.counts(), s.number(1))))


def _product(s: _Sending, include: bool) -> Tensor:
    return s.op("mul", s.base, s.product()) if include else _replaced(s, s.product())


def _max(s: _Sending, include: bool) -> Tensor:
    largest = s.largest(s.values)
    return s.op("maximum", s.base, largest) if include else _replaced(s, largest)


def _min(s: _Sending, include: bool) -> Tensor:
    smallest = s.op("neg", s.largest(s.op("neg", s.values)))
    return s.op("minimum", s.base, smallest) if include else _replaced(s, smallest)


def _replaced(s: _Sending, value: Tensor) -> Tensor:
    """`value` where something was sent, else the base."""
    return s.op("where", s.op("gt", s.counts(), s.number(0)), value, s.base)


_COMBINE: dict[str, Callable[[_Sending, bool], Tensor]] = {
    "last": _keep_last,
    "sum": _add,
    "mean": _mean,
    "prod": _product,
    "max": _max,
    "min": _min,
}


def _run(sending: _Sending, combine: Value, include: Value) -> Tensor:
    el = sending.el
    if combine not in _COMBINE:
        hint = f"it is one of {', '.join(_COMBINE)}"
        fail("E0411", f"values cannot be combined by {describe(combine)}", here(el), hint=hint)
    if not isinstance(include, bool):
        fail("E0314", f"`include` is true or false, not {describe(include)}", here(el))
    return _COMBINE[combine](sending, include)


@builtin("scatter")
def scatter(
    el: Elaborator,
    x: Value,
    ids: Value,
    values: Value,
    axis: Value = -1,
    combine: Value = "last",
    include: Value = True,
) -> Value:
    """`x` with `values[i, j]` sent to position `ids[i, j]` along an axis; the other axes go together.

    `combine` is "last", "sum", "mean", "prod", "max" or "min"; `include` counts the old element in. `ids` may
    cover only the beginning of the other axes.
    """
    whole, sent = convert.operands(el, [tensor(el, x), values], here(el))
    places, at = indices(el, ids), _axis(el, whole, axis)
    if places.rank != whole.rank:
        fail("E0201", f"positions {places.type} do not have the {whole.rank} axes of {whole.type}", here(el))
    sent = el.op("broadcast_to", sent, shape=places.shape)
    covered = tuple([whole.shape[k] if k == at else places.shape[k] for k in range(whole.rank)])
    if covered == whole.shape:
        return _run(_Sending(el, whole, sent, places, at, along=True), combine, include)
    none, ones = (0,) * whole.rank, (1,) * whole.rank
    base = el.op("slice", whole, starts=none, stops=covered, steps=ones)
    changed = _run(_Sending(el, base, sent, places, at, along=True), combine, include)
    return _placed(el, changed, whole)


def _placed(el: Elaborator, part: Tensor, whole: Tensor) -> Tensor:
    """`whole` with its beginning replaced by `part`."""
    high = tuple([a - b for a, b in zip(whole.shape, part.shape, strict=True)])
    yes = convert.constant(el, True, DType.BOOL)
    low = (0,) * whole.rank
    inside = el.op("pad", el.op("broadcast_to", yes, shape=part.shape), low=low, high=high, value=False)
    return el.op("where", inside, el.op("pad", part, low=low, high=high, value=0), whole)


@builtin("put")
def put(
    el: Elaborator,
    x: Value,
    ids: Value,
    values: Value,
    axis: Value = 0,
    combine: Value = "last",
    include: Value = True,
) -> Value:
    """`x` with part i of `values` sent to position `ids[i]` along an axis: whole rows for axis 0.

    `values` broadcast to the parts; `combine` and `include` are as for `scatter`.
    """
    whole, sent = convert.operands(el, [tensor(el, x), values], here(el))
    places, at = indices(el, ids), _axis(el, whole, axis)
    if places.rank != 1:
        fail("E0202", f"positions along an axis are a vector, this is {places.type}", here(el))
    shape = (*whole.shape[:at], places.shape[0], *whole.shape[at + 1 :])
    sent = el.op("broadcast_to", sent, shape=shape)
    return _run(_Sending(el, whole, sent, places, at, along=False), combine, include)


@builtin("scatter_max")
def scatter_max(el: Elaborator, x: Value, ids: Value, count: Value, axis: Value = 0) -> Value:
    """For each of `count` positions the largest element that `ids` sends there; -inf for none."""
    value = tensor(el, x)
    wanted = size(el, count, "the count")
    return el.op("scatter_max", value, indices(el, ids), axis=_axis(el, value, axis), size=wanted)
