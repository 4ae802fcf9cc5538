"""Dimensions in types: patterns such as `[..., I]` bind names to the sizes of an argument, or check them.

Each dimension of a pattern is an integer expression over names. A name that is not bound yet gets the size
that makes the pattern fit (`2*I` against 6 gives I = 3); everything bound is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from treadle.errors import Label, did_you_mean, fail
from treadle.frontend import ast
from treadle.frontend.elaborate import convert
from treadle.frontend.elaborate.budget import check_size
from treadle.frontend.elaborate.loops import elements
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.values import NONE, Silenced, Tensor, Value, describe, is_size, show
from treadle.source import Span
from treadle.types import DimLike, DType, Shape, TensorType, symbol
from treadle.types.dims import exact_quotient, free_symbols, substitute

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator

LEADING = "..."  # the name under which a scope keeps the leading axes of a pattern
_DTYPES = {dtype.value: dtype for dtype in DType}


def dtype_named(name: str | None, span: Span) -> DType:
    """The element type called `name`; None is the default float type.

    Raises:
        TreadleError: E0301 for an unknown one.
    """
    if name is None:
        return convert.DEFAULT
    if name not in _DTYPES:
        fail("E0301", f"`{name}` is no element type", span, hint=did_you_mean(name, _DTYPES))
    return _DTYPES[name]


def resolve(el: Elaborator, type_: ast.TensorType, scope: Scope, *, fresh: bool, what: str) -> TensorType:
    """The tensor type that a declaration means.

    Names that are not bound become symbols when `fresh` (a model's inputs), else they are an error.

    Raises:
        TreadleError: E0216 for an unknown size, E0413 for one that is no integer of at least 0.
    """
    dtype = dtype_named(type_.dtype, type_.span)
    shape: list[DimLike] = []
    for dim in type_.dims:
        if isinstance(dim, ast.Dots):
            shape.extend(_leading(scope, dim.span))
            continue
        for name in _unknown(dim, scope):
            if not fresh:
                fail("E0216", f"size `{name}` of {what} is not known", dim.span, hint=_size_hint(name, scope))
            scope.bind(name, symbol(name))
        value = el.evaluate(dim, scope)
        shape.extend(_sizes(value, dim.span, what))
    found = TensorType(dtype, tuple(shape))
    check_size(found, type_.span)
    return found


def _sizes(value: Value, span: Span, what: str) -> Sequence[DimLike]:
    sizes = elements(value, span) if isinstance(value, list | tuple) else [value]
    for size in sizes:
        if not is_size(size) or (isinstance(size, int) and size < 0):
            fail("E0413", f"an axis of {what} has the size {show(size)}", span)
    return sizes


def _size_hint(name: str, scope: Scope) -> str:
    return did_you_mean(name, scope.visible()) or (
        f"`{name}` is neither a parameter of the layer nor an axis of one of its inputs: add it to the header"
    )


def bind_inputs(
    el: Elaborator, inputs: Sequence[tuple[str, ast.TensorType, Span]], scope: Scope, owner: str
) -> None:
    """Match the declared types of inputs against the tensors bound to their names; numbers become tensors.

    Raises:
        TreadleError: E0217 if a tensor does not have the declared type.
    """
    for name, type_, span in inputs:
        value = scope.find(name)
        if value is NONE:
            continue
        dtype = dtype_named(type_.dtype, type_.span)
        tensor = convert.to_tensor(el, value, span)
        if tensor.dtype is not dtype and not (type_.dtype is None and tensor.dtype.is_float):
            tensor = _converted(el, tensor, dtype, name, owner, span)
        match(el, type_, tensor, scope, f"`{name}` of {owner}", span)
        scope.bind(name, tensor)
        scope.axes[name] = axis_names(type_, tensor.rank)


def _converted(el: Elaborator, tensor: Tensor, dtype: DType, name: str, owner: str, span: Span) -> Tensor:
    if (dtype.is_float and not tensor.dtype.is_float) or (dtype.is_int and tensor.dtype.is_float):
        hint = f"convert it: `cast({span.text[:40]}, {dtype})`"
        fail("E0217", f"`{name}` of {owner} is {dtype}, this is {tensor.dtype}", span, hint=hint)
    return convert.cast(el, tensor, dtype)


def axis_names(type_: ast.TensorType, rank: int) -> tuple[str | None, ...]:
    """The names that a declared type gives to the axes of a tensor of this rank."""
    names: list[str | None] = []
    for dim in type_.dims:
        if isinstance(dim, ast.Dots):
            names.extend([None] * (rank - len(type_.dims) + 1))
        else:
            names.append(dim.id if isinstance(dim, ast.Name) else None)
    return tuple(names)


def match(el: Elaborator, type_: ast.TensorType, tensor: Tensor, scope: Scope, what: str, span: Span) -> None:
    """Bind the free names of a pattern so that it fits the tensor, and check the rest.

    Raises:
        TreadleError: E0217 with the declaration labelled; E0215 if no size of a name fits.
    """

    def mismatch(reason: str) -> None:
        label = Label(type_.span, "declared here")
        fail(
            "E0217",
            f"{what} is declared {type_.span.text}, but this is {tensor.type}: {reason}",
            span,
            labels=[label],
        )

    pairs = _align(type_, tensor.shape, scope, mismatch)
    unknown_first = sorted(pairs, key=lambda pair: not isinstance(pair[0], ast.Name))
    for dim, actual in unknown_first:
        free = _unknown(dim, scope)
        if len(free) > 1:
            fail(
                "E0215",
                f"{what} does not fix {' and '.join(f'`{name}`' for name in free)} in `{dim.span.text}`",
                span,
                labels=[Label(type_.span, "declared here")],
                hint="let a parameter of the header, or another input, fix all but one of them",
            )
        if free:
            solved = _solve(el, dim, free[0], actual, scope)
            if solved is None:
                mismatch(f"no size {free[0]} makes `{dim.span.text}` equal to {actual}")
            scope.bind(free[0], solved)
        else:
            expected = el.evaluate(dim, scope)
            if not is_size(expected):
                fail("E0413", f"`{dim.span.text}` is {describe(expected)}, not a size", dim.span)
            if expected != actual:
                mismatch(f"`{dim.span.text}` is {expected}, not {actual}")


def _align(
    type_: ast.TensorType, shape: Shape, scope: Scope, mismatch: Callable[[str], None]
) -> list[tuple[ast.Expr, DimLike]]:
    """Pairs each dimension of the pattern with an axis; `...` takes what is left over in its place."""
    dims = type_.dims
    at = next((i for i, dim in enumerate(dims) if isinstance(dim, ast.Dots)), None)
    if at is None:
        if len(dims) != len(shape):
            mismatch(f"{len(dims)} axes are declared")
        return list(zip([d for d in dims if not isinstance(d, ast.Dots)], shape, strict=True))
    extra = len(shape) - len(dims) + 1
    if extra < 0:
        mismatch(f"at least {len(dims) - 1} axes are declared")
    leading = tuple(shape[at : at + extra])
    known = scope.names.get(LEADING)
    if known is not None and known != leading:
        mismatch(f"`...` stands for {list(known)} in the other input")
    scope.names[LEADING] = leading
    rest = [d for d in dims if not isinstance(d, ast.Dots)]
    return list(zip(rest, (*shape[:at], *shape[at + extra :]), strict=True))


def _leading(scope: Scope, span: Span) -> Shape:
    leading: Shape | None = scope.find(LEADING)
    if leading is None:
        fail("E0216", "`...` stands for the leading axes of an input, and no input has any here", span)
    return leading


def _unknown(dim: ast.Expr, scope: Scope) -> list[str]:
    """Names in a dimension that mean nothing yet."""
    names = dict.fromkeys(node.id for node in ast.walk(dim) if isinstance(node, ast.Name))
    return [name for name in names if scope.find(name) is None]


def _solve(el: Elaborator, dim: ast.Expr, name: str, actual: DimLike, scope: Scope) -> DimLike | None:
    """The size of `name` for which `dim` equals `actual`, if `dim` is linear in it and there is one."""
    if isinstance(dim, ast.Name):
        return actual
    inner = Scope(scope)
    unknown = f"?{name}"
    inner.bind(name, symbol(unknown))
    pattern = el.evaluate(dim, inner)
    if not is_size(pattern):
        return None
    base = substitute(pattern, {unknown: 0})
    slope = substitute(pattern, {unknown: 1}) - base
    solution = exact_quotient(actual - base, slope) if slope != 0 else None
    fits = solution is not None and substitute(pattern, {unknown: solution}) == actual
    return solution if fits and unknown not in free_symbols(slope) else None


def check_results(
    el: Elaborator, definition: ast.Definition, result: Value, scope: Scope, span: Span
) -> Value:
    """Check what a body returned against `-> types`; numbers become tensors.

    Raises:
        TreadleError: E0218, E0310.
    """
    if not definition.returns:
        return result
    values = result if isinstance(result, tuple) else (result,)
    if len(values) != len(definition.returns):
        declared = len(definition.returns)
        fail("E0310", f"`{definition.name}` declares {declared} results and returns {len(values)}", span)
    checked = [
        _check_result(el, definition.name, type_, value, scope, span)
        for type_, value in zip(definition.returns, values, strict=True)
    ]
    return tuple(checked) if isinstance(result, tuple) else checked[0]


def _check_result(
    el: Elaborator, name: str, type_: ast.Type, value: Value, scope: Scope, span: Span
) -> Value:
    if not isinstance(type_, ast.TensorType):
        return value
    tensor = convert.to_tensor(el, value, span)
    for dim in type_.dims:
        for free in [] if isinstance(dim, ast.Dots) else _unknown(dim, scope):
            fail("E0216", f"size `{free}` of the result of `{name}` is not known", dim.span)
    try:
        expected = resolve(el, type_, scope, fresh=False, what=f"the result of `{name}`")
    except Silenced:
        return tensor
    if expected.shape != tensor.shape or (type_.dtype is not None and expected.dtype != tensor.dtype):
        label = Label(type_.span, "declared here")
        fail("E0218", f"`{name}` returned {tensor.type}, but declares {expected}", span, labels=[label])
    return tensor
