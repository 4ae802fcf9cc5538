"""Operators on known values: what models do to compute shapes, on numbers and sizes by name."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from treadle.interop.onnx.importing.folding import folds, tidied
from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.values import (
    MOST_FOLDED,
    Array,
    Value,
    has_sizes,
    known_value,
    sizes_array,
)
from treadle.types import Dim, DimLike, dim_floordiv, dim_max, dim_min, dim_mod
from treadle.types.dims import lower_bound
from treadle.types.tensor import shape_size


@folds("Shape")
def shape(node: Node) -> Array:
    """The sizes of a tensor, or of some of its axes."""
    start, end = node.int("start", 0), node.int("end", None)
    return sizes_array(node.shape(0)[start:end])


@folds("Size")
def size(node: Node) -> Array:
    """The number of elements."""
    return sizes_array([shape_size(node.shape(0))]).reshape(())


@folds("Identity")
def identity(node: Node) -> Array:
    """The operand itself."""
    return node.known(0)


@folds("Cast")
def cast(node: Node) -> Value | None:
    """Another element type; sizes by name stay integers."""
    array, dtype = node.known(0), node.dtype_attribute("to")
    if has_sizes(array) and not dtype.is_int:
        return None
    if not has_sizes(array) and dtype.is_int and not np.isfinite(array.astype(np.float64)).all():
        return None
    return known_value(tidied(array, dtype), dtype)


def _divided(left: DimLike, right: DimLike) -> DimLike:
    """Towards zero, as ONNX divides integers; sizes by name are not negative."""
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    return dim_floordiv(left, right)


def _compared(holds: Callable[[int, int], bool]) -> Callable[[DimLike, DimLike], bool]:
    def compare(left: DimLike, right: DimLike) -> bool:
        difference = left - right
        if isinstance(difference, int):
            return holds(difference, 0)
        for sign, part in ((1, difference), (-1, -difference)):
            bound = lower_bound(part)
            if bound is not None and bound > 0:
                return holds(sign, 0)
        raise ArithmeticError("only the sizes tell")

    return compare


_ON_SIZES: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mul": operator.mul,
    "Div": _divided,
    "Mod": dim_mod,
    "Min": dim_min,
    "Max": dim_max,
    "Equal": _compared(operator.eq),
    "Less": _compared(operator.lt),
    "LessOrEqual": _compared(operator.le),
    "Greater": _compared(operator.gt),
    "GreaterOrEqual": _compared(operator.ge),
    "And": operator.and_,
    "Or": operator.or_,
}


def _on_numbers(name: str, left: Array, right: Array) -> Array | None:
    if name == "Div":
        return _quotients(left, right)
    if name == "Mod":
        return None if not np.all(right) or left.dtype.kind == "f" else np.mod(left, right)
    functions: dict[str, Callable[[Array, Array], Array]] = {"Min": np.minimum, "Max": np.maximum}
    return functions.get(name, _ON_NUMBERS.get(name, np.equal))(left, right)


_ON_NUMBERS: dict[str, Callable[[Array, Array], Array]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Equal": np.equal,
    "Less": np.less,
    "LessOrEqual": np.less_equal,
    "Greater": np.greater,
    "GreaterOrEqual": np.greater_equal,
    "And": np.logical_and,
    "Or": np.logical_or,
}


def _quotients(left: Array, right: Array) -> Array | None:
    if left.dtype.kind == "f":
        return left / right if np.all(right) else None
    return np.trunc(left / right) if np.all(right) and np.abs(left).max(initial=0) < 2**52 else None


@folds(*_ON_SIZES)
def arithmetic(node: Node) -> Array | None:
    """Sums, products, comparisons and the like of numbers and sizes."""
    arrays = [node.known(index) for index in range(node.count)]
    if node.op == "Mod" and node.flag("fmod"):
        return None
    if not any(has_sizes(array) for array in arrays):
        return _reduced(lambda left, right: _on_numbers(node.op, left, right), arrays)
    apply = np.frompyfunc(_ON_SIZES[node.op], 2, 1)
    try:
        return np.asarray(reduce(apply, [array.astype(object) for array in arrays]), object)
    except (ArithmeticError, ZeroDivisionError, TypeError):
        return None


def _reduced(apply: Callable[[Array, Array], Array | None], arrays: list[Array]) -> Array | None:
    result: Array | None = arrays[0]
    for array in arrays[1:]:
        result = None if result is None else apply(result, array)
    return result


@folds("Neg")
def neg(node: Node) -> Array:
    """-x."""
    return np.asarray(-node.known(0))


@folds("Not")
def not_(node: Node) -> Array:
    """The opposite."""
    return ~node.known(0)


@folds("Abs", "Floor", "Ceil", "Sqrt", "Relu")
def unary(node: Node) -> Array | None:
    """Functions of one number."""
    functions: dict[str, Callable[[Array], Array]] = {
        "Abs": np.abs,
        "Floor": np.floor,
        "Ceil": np.ceil,
        "Sqrt": np.sqrt,
        "Relu": lambda array: np.maximum(array, 0),
    }
    array = node.known(0)
    if has_sizes(array):
        return None
    return np.asarray(functions[node.op](array))


@folds("Where")
def where(node: Node) -> Value | None:
    """Per element one or the other."""
    condition, left, right = (node.known(index) for index in range(3))
    if has_sizes(condition):
        return None
    objects = has_sizes(left) or has_sizes(right)
    sides = (left.astype(object), right.astype(object)) if objects else (left, right)
    return known_value(tidied(np.where(condition, *sides), node.dtype(1)), node.dtype(1))


@folds("Gather")
def gather(node: Node) -> Array | None:
    """The elements at positions along an axis."""
    array, axis = node.known(0), node.int("axis", 0)
    ids = node.known(1)
    if has_sizes(ids) or not _inside(ids, array.shape[axis]):
        return None
    return np.take(array, ids.astype(np.int64), axis=axis)


def _inside(ids: Array, size: int) -> bool:
    return bool(np.all((ids >= -size) & (ids < size)))


@folds("Concat")
def concat(node: Node) -> Array:
    """Arrays joined along an axis."""
    arrays = [node.known(index) for index in range(node.count)]
    if any(map(has_sizes, arrays)):
        arrays = [array.astype(object) for array in arrays]
    return np.concatenate(arrays, axis=node.int("axis"))


@folds("Squeeze")
def squeeze(node: Node) -> Array:
    """Without axes of size 1."""
    axes = node.ints("axes", None) if not node.has(1) else node.numbers(1)
    return np.squeeze(node.known(0), None if axes is None else tuple(axes))


@folds("Unsqueeze")
def unsqueeze(node: Node) -> Array:
    """New axes of size 1."""
    axes = node.ints("axes", None) or node.numbers(1)
    return np.expand_dims(node.known(0), tuple(axes))


@folds("Reshape")
def reshape(node: Node) -> Array | None:
    """Another shape."""
    array, wanted = node.known(0), node.sizes(1)
    if any(isinstance(size, Dim) for size in wanted) or (0 in wanted and not node.flag("allowzero")):
        return None
    return np.reshape(array, tuple(int(size) for size in wanted))  # type: ignore[arg-type]


@folds("Transpose")
def transpose(node: Node) -> Array:
    """The axes in another order."""
    return np.transpose(node.known(0), node.ints("perm", None))


@folds("Slice")
def slice_(node: Node) -> Array | None:
    """Parts of axes."""
    array = node.known(0)
    if node.given("starts"):
        starts, stops = node.ints("starts"), node.ints("ends")
        axes, steps = node.ints("axes", None), None
    else:
        if any(node.has(i) and has_sizes(node.known(i)) for i in range(1, node.count)):
            return None
        starts, stops = node.numbers(1), node.numbers(2)
        axes = node.numbers(3) if node.has(3) else None
        steps = node.numbers(4) if node.has(4) else None
    parts = [slice(None)] * array.ndim
    for number, axis in enumerate(axes or range(len(starts))):
        parts[axis] = _slice(starts[number], stops[number], steps[number] if steps else 1)
    return array[tuple(parts)]


def _slice(start: int, stop: int, step: int) -> slice:
    """ONNX says `to the beginning` by an end far below zero."""
    return slice(start, None if step < 0 and stop < -(2**31) else stop, step)


@folds("Split")
def split(node: Node) -> list[Array] | None:
    """Parts along an axis, equal ones or of given sizes."""
    array, axis, count = node.known(0), node.int("axis", 0), len(node.outputs)
    sizes = node.numbers(1) if node.has(1) else node.ints("split", None)
    if sizes is None:
        width = -(-array.shape[axis] // count)
        sizes = [width] * (count - 1)
    places = np.cumsum(sizes)[: count - 1]
    return list(np.split(array, places, axis=axis))


@folds("ConstantOfShape")
def constant_of_shape(node: Node) -> Value | None:
    """One number in a small shape."""
    sizes = node.sizes(0)
    if any(isinstance(size, Dim) for size in sizes) or shape_size(tuple(sizes)) > MOST_FOLDED:  # type: ignore[operator]
        return None
    value = node.importer.constant(node.attribute("value")) if node.given("value") else None
    if value is None or value.known is None or value.type.dtype.is_float:
        return None  # numbers for computing, not sizes: `full(...)` says it better
    filled = np.full([int(size) for size in sizes], value.known.reshape(-1)[0])  # type: ignore[arg-type]
    return known_value(filled, value.type.dtype)


@folds("Range")
def range_(node: Node) -> Array | None:
    """A few numbers in steps."""
    bounds = [node.known(index) for index in range(3)]
    if any(map(has_sizes, bounds)):
        return None
    start, stop, step = (bound.item() for bound in bounds)
    if step == 0 or abs(stop - start) / abs(step) > MOST_FOLDED:
        return None
    return np.arange(start, stop, step).astype(bounds[0].dtype)


@folds("Expand")
def expand(node: Node) -> Array | None:
    """A small array repeated."""
    array, sizes = node.known(0), node.sizes(1)
    if any(isinstance(size, Dim) for size in sizes) or shape_size(tuple(sizes)) > MOST_FOLDED:  # type: ignore[operator]
        return None
    wanted = np.broadcast_shapes(array.shape, tuple(int(size) for size in sizes))  # type: ignore[arg-type]
    return np.broadcast_to(array, wanted)


@folds("ReduceProd", "ReduceSum", "ReduceMax", "ReduceMin")
def reduced(node: Node) -> Array | None:
    """The sum, product or extremum of a vector."""
    array = node.known(0)
    if node.given("axes") or node.has(1) or array.ndim != 1 or array.size == 0:
        return None
    name = {"ReduceProd": "Mul", "ReduceSum": "Add", "ReduceMax": "Max", "ReduceMin": "Min"}[node.op]
    result = reduce(_ON_SIZES[name], array.tolist())
    return np.array(result, object).reshape((1,) if node.flag("keepdims", True) else ())


@folds("NonZero")
def nonzero(node: Node) -> Array | None:
    """The places of elements other than 0."""
    array = node.known(0)
    return None if has_sizes(array) or array.ndim == 0 else np.array(np.nonzero(array), np.int64)
