"""Conversions between compile-time values and tensors, and the one rule of mixed element types.

A number takes the element type of the tensor it meets; only a float that meets an integer tensor makes both
f32. Of two tensors the narrower kind follows: bool, integer, float. The default float type is f32.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend import ast
from treadle.frontend.elaborate.budget import VISITS_PER_STEP
from treadle.frontend.elaborate.values import (
    Built,
    DefinitionValue,
    ScanIndex,
    Tensor,
    Value,
    describe,
    is_number,
    show,
)
from treadle.source import Span
from treadle.types import Dim, DType

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator

DEFAULT = DType.F32
_ORDER = (DType.BOOL, DType.U8, DType.I32, DType.I64, DType.F16, DType.BF16, DType.F32, DType.F64)


def constant(el: Elaborator, value: Value, dtype: DType) -> Tensor:
    """A scalar tensor of a compile-time number, boolean or dimension."""
    return el.op("const", value=value, dtype=dtype, shape=())


def cast(el: Elaborator, value: Tensor, dtype: DType) -> Tensor:
    """`value` with another element type."""
    return value if value.dtype == dtype else el.op("cast", value, dtype=dtype)


def to_tensor(el: Elaborator, value: Value, span: Span, dtype: DType | None = None) -> Tensor:
    """`value` as a tensor, of `dtype` if given: numbers and sizes become constants, nested lists tables.

    Raises:
        TreadleError: E0308 for a layer that was not applied, E0314 for anything else that is no tensor.
    """
    if isinstance(value, ScanIndex):
        value = value.position()
    if isinstance(value, Tensor):
        return value if dtype is None else cast(el, value, dtype)
    if isinstance(value, bool):
        return constant(el, value, dtype or DType.BOOL)
    if is_number(value) or isinstance(value, Dim):
        return constant(el, value, dtype or DEFAULT)
    if isinstance(value, list):
        return table(el, value, span, dtype)
    if isinstance(value, Built | DefinitionValue) and isinstance(value.definition, ast.Layer | ast.Model):
        fail(
            "E0308",
            f"{describe(value)} stands where a tensor is needed",
            span,
            hint=f"apply it to a tensor: `x |> {show(value)}`",
        )
    fail("E0314", f"expected a tensor, found {describe(value)}", span)


def table(el: Elaborator, rows: list[Value], span: Span, dtype: DType | None = None) -> Tensor:
    """A constant tensor of nested lists of numbers; a list of tensors is stacked along a new first axis."""
    if any(isinstance(row, Tensor) for row in rows):
        parts = unify(el, [to_tensor(el, row, span, dtype) for row in rows])
        return stack(el, parts, 0)
    shape: list[int] = []
    flat = _flatten(rows, shape, 0, span)
    el.budget.step(span, len(flat) // VISITS_PER_STEP)
    found = DType.BOOL if all(isinstance(item, bool) for item in flat) else DEFAULT
    return el.op("table", values=tuple(flat), dtype=dtype or found, shape=tuple(shape))


def _flatten(rows: Value, shape: list[int], depth: int, span: Span) -> list[float]:
    if isinstance(rows, bool) or is_number(rows):
        if depth != len(shape):
            fail("E0314", "the rows of a table of numbers differ in depth", span)
        return [rows]
    if not isinstance(rows, list) or not rows:
        fail("E0314", f"a table holds numbers in nested lists, not {describe(rows)}", span)
    if depth == len(shape):
        shape.append(len(rows))
    if shape[depth] != len(rows):
        fail("E0314", f"the rows of a table have {shape[depth]} and {len(rows)} elements", span)
    flat: list[float] = []
    for row in rows:
        flat.extend(_flatten(row, shape, depth + 1, span))
    return flat


def common_dtype(dtypes: Sequence[DType]) -> DType:
    """The element type that holds all of these."""
    widest = max(dtypes, key=_ORDER.index)
    if widest is DType.BF16 and DType.F16 in dtypes:
        return DType.F32
    return widest


def unify(el: Elaborator, tensors: Sequence[Tensor]) -> list[Tensor]:
    """The tensors with one element type."""
    dtype = common_dtype([tensor.dtype for tensor in tensors])
    return [cast(el, tensor, dtype) for tensor in tensors]


def operands(el: Elaborator, values: Sequence[Value], span: Span) -> list[Tensor]:
    """Mixed numbers and tensors as tensors of one element type."""
    values = [value.position() if isinstance(value, ScanIndex) else value for value in values]
    tensors = [value for value in values if isinstance(value, Tensor)]
    if not tensors:
        return [to_tensor(el, value, span) for value in values]
    dtype = common_dtype([tensor.dtype for tensor in tensors])
    if not dtype.is_float and any(isinstance(value, float) for value in values):
        dtype = DEFAULT
    if dtype is DType.BOOL and any(is_number(value) or isinstance(value, Dim) for value in values):
        dtype = DEFAULT
    return [to_tensor(el, value, span, dtype) for value in values]


def floats(el: Elaborator, values: Sequence[Value], span: Span) -> list[Tensor]:
    """As `operands`, with integers and booleans made f32."""
    tensors = operands(el, values, span)
    return [tensor if tensor.dtype.is_float else cast(el, tensor, DEFAULT) for tensor in tensors]


def stack(el: Elaborator, parts: Sequence[Tensor], axis: int) -> Tensor:
    """The parts side by side along a new axis."""
    expanded = [el.op("reshape", p, shape=(*p.shape[:axis], 1, *p.shape[axis:])) for p in parts]
    return el.op("concat", *expanded, axis=axis)
