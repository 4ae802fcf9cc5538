"""Elementwise functions: on compile-time numbers they are computed at once, on tensors they become ops."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend.elaborate import convert, operators
from treadle.frontend.elaborate.budget import VISITS_PER_STEP, check_int
from treadle.frontend.elaborate.builtins.registry import BUILTINS, builtin, here, integer, tensor
from treadle.frontend.elaborate.loops import elements
from treadle.frontend.elaborate.values import NONE, ScanIndex, Tensor, Value, describe, is_number, is_size
from treadle.ops import REGISTRY
from treadle.ops.opdef import TypeRuleError
from treadle.ops.rules import broadcast, need_number
from treadle.types import DType, dim_max, dim_min

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator

_FLOAT: dict[str, Callable[[float], float]] = {
    "exp": math.exp,
    "expm1": math.expm1,
    "log": math.log,
    "log1p": math.log1p,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "tanh": math.tanh,
    "erf": math.erf,
    "rsqrt": lambda x: 1 / math.sqrt(x),
    "reciprocal": lambda x: 1 / x,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
}
_SAME: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "sign": lambda x: (x > 0) - (x < 0),
    "relu": lambda x: max(x, 0),
    "floor": math.floor,
    "ceil": math.ceil,
}


def _unary(name: str, compute: Callable[[float], float], *, makes_float: bool) -> None:
    def run(el: Elaborator, x: Value) -> Value:
        if is_number(x):
            try:
                return compute(x)
            except (ValueError, OverflowError, ZeroDivisionError):
                fail("E0411", f"{name}({x}) has no value", here(el))
        return el.op(name, convert.floats(el, [x], here(el))[0] if makes_float else _signed(el, x))

    builtin(name)(run)


def _signed(el: Elaborator, x: Value) -> Tensor:
    """`x` as a tensor of numbers."""
    value = tensor(el, x)
    return convert.cast(el, value, convert.DEFAULT) if value.dtype is DType.BOOL else value


for _name, _compute in _FLOAT.items():
    _unary(_name, _compute, makes_float=True)
for _name, _compute in _SAME.items():
    _unary(_name, _compute, makes_float=False)


def _binary(name: str) -> None:
    def run(el: Elaborator, a: Value, b: Value) -> Value:
        return el.op(name, *convert.operands(el, [a, b], here(el)))

    builtin(name)(run)


for _name in ("maximum", "minimum"):
    _binary(_name)


def _float_binary(name: str) -> None:
    def run(el: Elaborator, a: Value, b: Value) -> Value:
        return el.op(name, *convert.floats(el, [a, b], here(el)))

    builtin(name)(run)


for _name in ("atan2", "hypot", "logaddexp"):
    _float_binary(_name)


@builtin("polygamma")
def polygamma(el: Elaborator, x: Value, order: Value) -> Value:
    """The derivative number `order` + 1 of log(gamma(x)), for x > 0."""
    value = convert.floats(el, [x], here(el))[0]
    return el.op("polygamma", value, order=integer(el, order, "the order", 0))


@builtin("is_nan")
def is_nan(el: Elaborator, x: Value) -> Value:
    """Whether each element is no number."""
    return el.op("is_nan", tensor(el, x))


@builtin("is_finite")
def is_finite(el: Elaborator, x: Value) -> Value:
    """Whether each element is a finite number."""
    return el.op("is_finite", tensor(el, x))


@builtin("where")
def where(el: Elaborator, condition: Value, a: Value, b: Value) -> Value:
    """Per element `a` where the condition holds, else `b`."""
    chosen = tensor(el, condition)
    if chosen.dtype is not DType.BOOL:
        fail("E0214", f"the condition of `where` is {chosen.dtype}", here(el), hint="compare it: `x != 0`")
    return el.op("where", chosen, *convert.operands(el, [a, b], here(el)))


@builtin("clip")
def clip(el: Elaborator, x: Value, low: Value = NONE, high: Value = NONE) -> Value:
    """`x` kept between `low` and `high`; either may be `none`. At a bound the gradient goes to `x`."""
    value = x
    if low is not NONE:
        value = _bounded(el, "lt", value, low)
    if high is not NONE:
        value = _bounded(el, "gt", value, high)
    return value


def _bounded(el: Elaborator, beyond: str, x: Value, bound: Value) -> Tensor:
    """The bound where `x` is beyond it."""
    value, limit = convert.operands(el, [x, bound], here(el))
    try:
        need_number("clip", value.type)
        broadcast("clip", (value.type, limit.type))
    except TypeRuleError as refusal:  # here, because the ops below have other names
        fail(refusal.code, refusal.message, here(el), hint=refusal.hint)
    return el.op("where", el.op(beyond, value, limit), limit, value)


@builtin("softplus")
def softplus(el: Elaborator, x: Value, beta: Value = 1, threshold: Value = NONE) -> Value:
    """log(1 + exp(beta x)) / beta, without overflow; x itself where beta x is above the `threshold`."""
    value = convert.floats(el, [x], here(el))[0]
    scaled = value if beta == 1 else operators.binary(el, "*", value, beta, here(el))
    soft = el.op("softplus", tensor(el, scaled))
    if beta != 1:
        soft = operators.binary(el, "/", soft, beta, here(el))
    if threshold is NONE:
        return soft
    above = operators.binary(el, ">", scaled, threshold, here(el))
    return el.op("where", above, value, soft)


@builtin("round")
def round_(el: Elaborator, x: Value, decimals: Value = 0) -> Value:
    """The nearest integer, or number with so many decimals; halves go to the even neighbour."""
    places = integer(el, decimals, "the number of decimals")
    if is_number(x):
        return round(x, places) if places else round(x)
    value = _signed(el, x)
    if places == 0:
        return el.op("round", value)
    up, down = ("*", "/") if places > 0 else ("/", "*")
    scaled = operators.binary(el, up, value, float(10 ** abs(places)), here(el))
    return operators.binary(el, down, el.op("round", tensor(el, scaled)), float(10 ** abs(places)), here(el))


@builtin("cast")
def cast(el: Elaborator, x: Value, dtype: Value) -> Value:
    """`x` with another element type: `cast(digit, f32)`."""
    if not isinstance(dtype, DType):
        fail("E0314", f"an element type is f32, f64, i64, ..., not {describe(dtype)}", here(el))
    return convert.to_tensor(el, x, here(el), dtype)


@builtin("stop_grad")
def stop_grad(el: Elaborator, x: Value) -> Value:
    """`x`, through which no gradient passes."""
    return el.op("stop_grad", tensor(el, x))


@builtin("logical_not")
def logical_not(el: Elaborator, x: Value) -> Value:
    """Per element the opposite."""
    return el.op("logical_not", tensor(el, x))


@builtin("grad")
def grad(el: Elaborator, y: Value, x: Value) -> Value:
    """The derivative of the number `y` by the tensor `x`; of a list of tensors, the list of derivatives."""
    if isinstance(x, list | tuple):
        return [grad(el, y, item) for item in x]
    of, by = tensor(el, y), tensor(el, x)
    if of.rank != 0:
        hint = "sum or average it first: `grad(sum(y), x)`"
        fail("E0506", f"`grad` of {of.type}, which is not a single number", here(el), hint=hint)
    if not by.dtype.is_float or not of.dtype.is_float:
        fail("E0507", f"`grad` of {of.type} by {by.type}: both must be floats", here(el))
    _check_dependence(el, of, by)
    return el.op("grad", of, by)


def _check_dependence(el: Elaborator, of: Tensor, by: Tensor) -> None:
    """Refuse a derivative that is zero everywhere because nothing leads from one to the other."""
    trace = el.trace
    y, x = trace.adopt(of), trace.adopt(by)
    reached, stack = {y.id}, [y]
    while stack:
        node = stack.pop()
        fresh = [operand for operand in node.inputs if operand.id not in reached and node.op != "stop_grad"]
        reached.update(operand.id for operand in fresh)
        stack.extend(fresh)
    el.budget.step(here(el), len(reached) // VISITS_PER_STEP)
    if x.id not in reached:
        hint = "the derivative would be zero; is a `stop_grad` or a cast to integers in between?"
        fail("E0505", f"{of.type} was not computed from this {by.type}", here(el), hint=hint)


def _extreme(name: str, el: Elaborator, values: list[Value]) -> Value:
    """The largest or smallest of compile-time numbers and sizes."""
    if all(is_number(value) for value in values):
        return max(values) if name == "max" else min(values)
    if all(is_size(value) for value in values):
        pick = dim_max if name == "max" else dim_min
        result = values[0]
        for value in values[1:]:
            result = check_int(pick(result, value), here(el))
        return result
    shown = ", ".join(describe(value) for value in values[:3])
    hint = f"`{'maximum' if name == 'max' else 'minimum'}` compares tensors element by element"
    fail("E0407", f"`{name}` of several values takes numbers, not {shown}", here(el), hint=hint)


def _extreme_builtin(name: str) -> None:
    def run(el: Elaborator, *values: Value, axis: Value = NONE, keepdims: Value = False) -> Value:
        if len(values) == 1 and isinstance(values[0], Tensor | ScanIndex):
            reduction = BUILTINS[f"reduce_{name}"]
            return reduction.run(el, values[0], axis=axis, keepdims=keepdims)
        listed = values[0] if len(values) == 1 and isinstance(values[0], list | range | tuple) else values
        if not listed:
            fail("E0411", f"`{name}` of nothing", here(el))
        return _extreme(name, el, elements(listed, here(el)))

    builtin(name)(run)


_extreme_builtin("max")
_extreme_builtin("min")


def _op_builtin(name: str) -> None:
    def run(el: Elaborator, x: Value) -> Value:
        return el.op(name, tensor(el, x))

    builtin(name)(run)


for _op in REGISTRY:  # so that a new elementwise op has a name in the language at once
    if _op.is_elementwise and len(_op.signature) == 1 and not _op.attrs and _op.name not in BUILTINS:
        _op_builtin(_op.name)

BUILTINS.update(
    {
        "pi": math.pi,
        "e": math.e,
        "none": NONE,
        "inf": math.inf,
        **{dtype.value: dtype for dtype in DType},
    }
)
