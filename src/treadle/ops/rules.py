"""Type rules shared by the op families: broadcasting, element types, axes. They raise `TypeRuleError`.

Input: operand types and attributes. Output: the result type. Non-goals: values, graphs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from treadle.ops.opdef import AnyType, Attrs, Infer, TypeRuleError
from treadle.types import DimLike, DType, Shape, TensorType, dim_floordiv


def broadcast(name: str, types: Sequence[TensorType]) -> Shape:
    """The common shape of operands paired from the right; E0201 when two sizes are neither equal nor 1."""
    rank = max(t.rank for t in types)
    return tuple(_broadcast_axis(name, types, axis - rank) for axis in range(rank))


def _broadcast_axis(name: str, types: Sequence[TensorType], axis: int) -> DimLike:
    size: DimLike = 1
    for t in types:
        other = t.shape[axis] if t.rank >= -axis else 1
        if size == 1:
            size = other
        elif other not in (1, size):
            shown = " and ".join(str(t) for t in types if t.rank >= -axis and t.shape[axis] != 1)
            message = f"{name} cannot pair {shown}: axis {axis} is {size} in one and {other} in the other"
            raise TypeRuleError("E0201", message, range(len(types)))
    return size


def same_dtype(name: str, types: Sequence[TensorType], first: int = 0) -> DType:
    """The element type that all operands from `first` on share, else E0204."""
    dtype = types[first].dtype
    for index in range(first + 1, len(types)):
        if types[index].dtype != dtype:
            message = (
                f"{name} needs operands of one element type; here they are {dtype} and {types[index].dtype}"
            )
            raise TypeRuleError("E0204", message, (first, index), hint="convert one of them with `cast`")
    return dtype


def need_float(name: str, type_: TensorType, operand: int = 0) -> None:
    """E0214 unless the operand holds floats."""
    if not type_.dtype.is_float:
        _refuse(name, "floats", type_, operand, "convert it with `cast(..., f32)`")


def need_number(name: str, type_: TensorType, operand: int = 0) -> None:
    """E0214 for booleans."""
    if type_.dtype is DType.BOOL:
        _refuse(name, "numbers", type_, operand, "convert it with `cast(..., f32)`")


def need_int(name: str, type_: TensorType, operand: int = 0) -> None:
    """E0214 unless the operand holds integers."""
    if not type_.dtype.is_int:
        _refuse(name, "integers", type_, operand, "convert it with `cast(..., i64)`")


def need_bool(name: str, type_: TensorType, operand: int = 0) -> None:
    """E0214 unless the operand holds booleans."""
    if type_.dtype is not DType.BOOL:
        _refuse(name, "booleans", type_, operand, "compare it with something first")


def _refuse(name: str, wanted: str, type_: TensorType, operand: int, hint: str) -> None:
    raise TypeRuleError("E0214", f"{name} works on {wanted}, not on {type_}", (operand,), hint)


def need_axis(name: str, type_: TensorType, axis: int, operand: int = 0) -> None:
    """E0205 unless `axis` is an axis of the operand, counted from 0."""
    if not 0 <= axis < type_.rank:
        message = f"{name}: {type_} has no axis {axis}; its {type_.rank} axes are counted from 0"
        raise TypeRuleError("E0205", message, (operand,))


def need_axes(name: str, type_: TensorType, axes: Iterable[int], operand: int = 0) -> None:
    """E0205 unless all are axes of the operand; E0220 when one is repeated."""
    seen = tuple(axes)
    for axis in seen:
        need_axis(name, type_, axis, operand)
    if len(set(seen)) != len(seen):
        raise TypeRuleError("E0220", f"{name}: an axis is named twice in {list(seen)}", (operand,))


def need_rank(name: str, type_: TensorType, rank: int, layout: str, operand: int = 0) -> None:
    """E0202 unless the operand has `rank` axes; `layout` names them for the message."""
    if type_.rank != rank:
        message = f"{name} needs {rank} axes {layout}, but {type_} has {type_.rank}"
        raise TypeRuleError("E0202", message, (operand,))


def need_length(name: str, what: str, values: Sequence[object], count: int) -> None:
    """E0220 unless an attribute has one entry for each axis concerned."""
    if len(values) != count:
        raise TypeRuleError("E0220", f"{name}: {what} has {len(values)} entries, {count} are needed", (0,))


def need_positive(name: str, what: str, values: Iterable[DimLike], least: int = 1) -> None:
    """E0220 for a known size, stride or the like below 1, or another least value."""
    for value in values:
        if isinstance(value, int) and value < least:
            raise TypeRuleError("E0220", f"{name}: {what} must be at least {least}, not {value}")


def need_sizes(name: str, result: AnyType) -> None:
    """E0220 for a result with a size below 0, which only a wrong attribute can ask for."""
    for type_ in result if isinstance(result, tuple) else (result,):
        if any(isinstance(size, int) and size < 0 for size in type_.shape):
            raise TypeRuleError("E0220", f"{name}: {type_} has a negative size")


def window_count(name: str, size: DimLike, kernel: DimLike, stride: int, dilation: int) -> DimLike:
    """How many windows fit into an axis: `(size - dilation*(kernel-1) - 1) // stride + 1`; E0209 for none."""
    rest = size - dilation * (kernel - 1) - 1
    if isinstance(rest, int) and rest < 0:
        extent = dilation * (kernel - 1) + 1
        message = f"{name}: a window of {extent} does not fit into an axis of {size}"
        raise TypeRuleError("E0209", message, (0,))
    return dim_floordiv(rest, stride) + 1


def elementwise(name: str, domain: str, result: DType | None = None) -> Infer:
    """The rule of an elementwise op. `domain` is what it takes: float, number, bool or any."""
    needs = {"float": need_float, "number": need_number, "bool": need_bool}

    def infer(types: Sequence[TensorType], attrs: Attrs) -> TensorType:  # noqa: ARG001 - one signature for all
        if domain in needs:
            for operand, type_ in enumerate(types):
                needs[domain](name, type_, operand)
        dtype = same_dtype(name, types)
        return TensorType(result or dtype, broadcast(name, types))

    return infer
