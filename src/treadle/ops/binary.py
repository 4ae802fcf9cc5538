"""Elementwise ops with two operands and `where`: `z[i] = f(x[i], y[i])`, operands broadcast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from treadle.ops.elementwise import binary
from treadle.ops.opdef import REGISTRY, Attrs, OpDef, Sample, Vjp
from treadle.ops.rules import broadcast, need_bool, same_dtype
from treadle.types import DType, TensorType


def _mul_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    x, y = node.inputs
    return [g.mul(grad, y), g.mul(grad, x)]


def _div_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    _, y = node.inputs
    dx = g.div(grad, y)
    return [dx, g.neg(g.mul(dx, node))]


def _pow_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    x, y = node.inputs
    dx = g.mul(grad, g.mul(y, g.pow(x, g.sub(y, 1.0))))
    if y.op == "const":
        return [dx, None]
    positive = g.gt(x, 0.0)
    log_x = g.where(positive, g.log(g.where(positive, x, 1.0)), 0.0)  # x <= 0 has no real derivative in y
    return [dx, g.mul(grad, g.mul(node, log_x))]


def _extremum_vjp(wins: str) -> Vjp:
    """The winner gets the gradient; `wins` is the comparison that holds when the first operand wins."""

    def vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
        x, y = node.inputs
        tie = g.where(g.eq(x, y), g.mul(grad, 0.5), 0.0)
        compare = getattr(g, wins)
        return [g.where(compare(x, y), grad, tie), g.where(compare(y, x), grad, tie)]

    return vjp


def _mod_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    x, y = node.inputs
    return [grad, g.neg(g.mul(grad, g.floordiv(x, y)))]


def _atan2_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    y, x = node.inputs
    scaled = g.div(grad, g.add(g.mul(x, x), g.mul(y, y)))
    return [g.mul(scaled, x), g.neg(g.mul(scaled, y))]


def _hypot(s: Any, x: Any, y: Any) -> Any:
    a, b = s.abs(x), s.abs(y)
    large, small = s.maximum(a, b), s.minimum(a, b)
    ratio = s.div(small, s.select(s.eq(large, s.const(0.0)), s.const(1.0), large))
    root = s.mul(large, s.sqrt(s.add(s.mul(ratio, ratio), 1.0)))
    return s.select(s.is_finite(large), root, large)


def _hypot_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    """The direction of the point (x, y); at the origin, 0."""
    scaled = g.where(g.eq(node, 0.0), 0.0, g.div(grad, g.where(g.eq(node, 0.0), 1.0, node)))
    return [g.mul(scaled, operand) for operand in node.inputs]


def _logaddexp(s: Any, x: Any, y: Any) -> Any:
    """The larger one and log1p of the ratio; equal infinities have no difference."""
    apart = s.select(s.eq(x, y), s.const(0.0), s.abs(s.sub(x, y)))
    return s.add(s.maximum(x, y), s.log1p(s.exp(s.neg(apart))))


def _logaddexp_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    difference = g.sub(*node.inputs)
    share = g.sigmoid(g.where(g.is_nan(difference), 0.0, difference))
    return [g.mul(grad, share), g.mul(grad, g.sub(1.0, share))]


binary(
    "add",
    "z = x + y",
    np.add,
    lambda s, x, y: s.add(x, y),
    lambda g, node, grad: [grad, grad],
    traits=["commutative", "associative"],
)
binary(
    "sub",
    "z = x - y",
    np.subtract,
    lambda s, x, y: s.sub(x, y),
    lambda g, node, grad: [grad, g.neg(grad)],
)
binary(
    "mul",
    "z = x * y",
    np.multiply,
    lambda s, x, y: s.mul(x, y),
    _mul_vjp,
    traits=["commutative", "associative"],
)
binary("div", "z = x / y", np.divide, lambda s, x, y: s.div(x, y), _div_vjp, takes="float", values="nonzero")
binary(
    "pow",
    "z = x^y; the derivative in y is 0 where x <= 0.",
    np.power,
    lambda s, x, y: s.pow(x, y),
    _pow_vjp,
    takes="float",
    values="positive",
)
binary(
    "maximum",
    "z = the larger of x and y (NaN wins); of equal ones each gets half the gradient.",
    np.maximum,
    lambda s, x, y: s.maximum(x, y),
    _extremum_vjp("gt"),
    traits=["commutative", "associative", "idempotent"],
)
binary(
    "minimum",
    "z = the smaller of x and y (NaN wins); of equal ones each gets half the gradient.",
    np.minimum,
    lambda s, x, y: s.minimum(x, y),
    _extremum_vjp("lt"),
    traits=["commutative", "associative", "idempotent"],
)
binary(
    "mod",
    "z = x - y * floor(x / y); the sign is that of y.",
    np.mod,
    lambda s, x, y: s.mod(x, y),
    _mod_vjp,
    values="nonzero",
)
binary(
    "floordiv",
    "z = floor(x / y); zero derivative.",
    np.floor_divide,
    lambda s, x, y: s.floordiv(x, y),
    values="nonzero",
    traits=["nondiff"],
)
binary(
    "atan2",
    "z = the angle of the point (y, x): operands in the order atan2(y, x).",
    np.arctan2,
    lambda s, y, x: s.atan2(y, x),
    _atan2_vjp,
    takes="float",
    values="nonzero",
)
binary(
    "hypot",
    "z = (x^2 + y^2)^(1/2), without overflow; the derivative at the origin is 0.",
    np.hypot,
    _hypot,
    _hypot_vjp,
    takes="float",
    values="nonzero",
    traits=["commutative"],
)
binary(
    "logaddexp",
    "z = ln(e^x + e^y), without overflow.",
    np.logaddexp,
    _logaddexp,
    _logaddexp_vjp,
    takes="float",
    traits=["commutative"],
)
binary("lt", "z = x < y", np.less, lambda s, x, y: s.lt(x, y), result=DType.BOOL, traits=["nondiff"])
binary("le", "z = x <= y", np.less_equal, lambda s, x, y: s.le(x, y), result=DType.BOOL, traits=["nondiff"])
binary("gt", "z = x > y", np.greater, lambda s, x, y: s.gt(x, y), result=DType.BOOL, traits=["nondiff"])
binary(
    "ge", "z = x >= y", np.greater_equal, lambda s, x, y: s.ge(x, y), result=DType.BOOL, traits=["nondiff"]
)
binary(
    "eq",
    "z = x equals y",
    np.equal,
    lambda s, x, y: s.eq(x, y),
    takes="any",
    result=DType.BOOL,
    values="int",
    traits=["nondiff", "commutative"],
)
binary(
    "ne",
    "z = x differs from y",
    np.not_equal,
    lambda s, x, y: s.ne(x, y),
    takes="any",
    result=DType.BOOL,
    values="int",
    traits=["nondiff", "commutative"],
)
binary(
    "logical_and",
    "z = x and y",
    np.logical_and,
    lambda s, x, y: s.logical_and(x, y),
    takes="bool",
    traits=["nondiff", "commutative", "associative", "idempotent"],
)
binary(
    "logical_or",
    "z = x or y",
    np.logical_or,
    lambda s, x, y: s.logical_or(x, y),
    takes="bool",
    traits=["nondiff", "commutative", "associative", "idempotent"],
)


def _infer_where(types: Sequence[TensorType], attrs: Attrs) -> TensorType:  # noqa: ARG001 - one signature for all
    need_bool("where", types[0])
    return TensorType(same_dtype("where", types, first=1), broadcast("where", types))


def _where_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    condition = node.inputs[0]
    return [None, g.where(condition, grad, 0.0), g.where(condition, 0.0, grad)]


REGISTRY.add(
    OpDef(
        "where",
        ("condition", "x", "y"),
        _infer_where,
        "z = x where the condition holds, else y.",
        reference=np.where,
        scalar=lambda s, condition, x, y: s.select(condition, x, y),
        vjp=_where_vjp,
        traits=frozenset({"elementwise"}),
        samples=(Sample(((3, 4), (4,), (3, 1)), dtypes=("bool", "f64", "f64")),),
    )
)
