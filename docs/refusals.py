"""What each op refuses: its samples, changed in one place each, tried against its type rule.

Input: the registry. Output: per op the changes that the rule refuses, and the code of each. Non-goals:
changes that are no mistake for an op; they are accepted and not listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from treadle.errors import TreadleError
from treadle.ir import Builder, Graph
from treadle.ops import OpDef, Sample
from treadle.types import DType, TensorType


@dataclass(frozen=True)
class Change:
    """A sample with one thing changed; `what` says which."""

    what: str
    types: tuple[TensorType, ...]
    attrs: dict[str, Any]


def refusals(op: OpDef) -> dict[str, str]:
    """The changes that the op refuses, each with the code of its diagnostic."""
    found: dict[str, str] = {}
    for sample in op.samples:
        for change in changes(op, sample):
            code = verdict(op, change)
            if code is not None:
                found.setdefault(change.what, code)
    return found


def verdict(op: OpDef, change: Change) -> str | None:
    """The code of the refusal, None where the op takes the change."""
    g = Builder(Graph(op.name))
    operands = [g.input(f"x{i}", type_) for i, type_ in enumerate(change.types)]
    try:
        g.apply(op.name, *operands, **change.attrs)
    except TreadleError as error:
        return error.diagnostics[0].code
    return None


def sample_types(sample: Sample) -> tuple[TensorType, ...]:
    """The types of a sample's operands."""
    names = [*sample.dtypes, *["f64"] * (len(sample.shapes) - len(sample.dtypes))]
    return tuple(TensorType(DType(n), s) for n, s in zip(names, sample.shapes, strict=True))


def changes(op: OpDef, sample: Sample) -> Iterator[Change]:
    """The sample with another element type, rank, size or attribute, one at a time."""
    types, attrs = sample_types(sample), dict(sample.attrs)
    for index, type_ in enumerate(types):
        name = op.signature[min(index, len(op.signature) - 1)]
        for what, other in _other_types(type_):
            changed = (*types[:index], other, *types[index + 1 :])
            yield Change(f"{name} {what}", changed, attrs)
    for name, value in attrs.items():
        for what, other in _other_values(value):
            yield Change(f"{name} {what}", types, {**attrs, name: other})


def _other_types(type_: TensorType) -> Iterator[tuple[str, TensorType]]:
    for dtype in (DType.BOOL, DType.I64, DType.F64):
        if dtype is not type_.dtype:
            yield f"of {dtype}", type_.with_dtype(dtype)
    if type_.rank:
        *leading, last = type_.shape
        yield "without axes", type_.with_shape(())
        yield "with an axis less", type_.with_shape(tuple(leading))
        yield "of another size", type_.with_shape((*leading, last + 3))
    yield "with an axis more", type_.with_shape((5, *type_.shape))


def _other_values(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, bool):
        return
    if isinstance(value, int):
        yield "negative", -1
        yield "too large", value + 97
    elif isinstance(value, tuple) and value and all(isinstance(item, int) for item in value):
        yield "negative", (*value[:-1], -1)
        yield "too large", (*value[:-1], value[-1] + 97)
        yield "one too few", value[:-1]
        yield "one too many", (*value, value[-1])
