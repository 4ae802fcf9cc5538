"""Elementwise ops with one operand: `y[i] = f(x[i])`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from treadle.ops.elementwise import unary
from treadle.ops.opdef import REGISTRY, Attrs, OpDef, Sample
from treadle.types import DType, TensorType


def _abs_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    return [g.mul(grad, g.sign(node.inputs[0]))]


def _erf_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    x = node.inputs[0]
    return [g.mul(grad, g.mul(g.exp(g.neg(g.mul(x, x))), 2.0 / math.sqrt(math.pi)))]


def _relu_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    return [g.where(g.gt(node.inputs[0], 0.0), grad, 0.0)]


def _sigmoid(x: Any) -> Any:
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def _erf(x: Any) -> Any:
    return np.asarray(np.frompyfunc(math.erf, 1, 1)(x)).astype(np.asarray(x).dtype)


def _sign(s: Any, x: Any) -> Any:
    below = s.select(s.lt(x, s.const(0)), s.const(-1), x)
    return s.select(s.gt(x, s.const(0)), s.const(1), below)


unary(
    "neg",
    "y = -x",
    np.negative,
    lambda s, x: s.neg(x),
    lambda g, node, grad: [g.neg(grad)],
    takes="number",
)
unary(
    "abs",
    "y = |x|; the derivative at 0 is 0.",
    np.abs,
    lambda s, x: s.abs(x),
    _abs_vjp,
    takes="number",
    traits=["idempotent"],
    values="nonzero",
)
unary(
    "sign", "y = -1, 0 or 1 (NaN stays); zero derivative.", np.sign, _sign, takes="number", traits=["nondiff"]
)
unary(
    "exp",
    "y = e^x",
    np.exp,
    lambda s, x: s.exp(x),
    lambda g, node, grad: [g.mul(grad, node)],
)
unary(
    "expm1",
    "y = e^x - 1, exact for small x.",
    np.expm1,
    lambda s, x: s.expm1(x),
    lambda g, node, grad: [g.mul(grad, g.add(node, 1.0))],
)
unary(
    "log",
    "y = ln x",
    np.log,
    lambda s, x: s.log(x),
    lambda g, node, grad: [g.div(grad, node.inputs[0])],
    values="positive",
)
unary(
    "log1p",
    "y = ln(1 + x), exact for small x.",
    np.log1p,
    lambda s, x: s.log1p(x),
    lambda g, node, grad: [g.div(grad, g.add(node.inputs[0], 1.0))],
    values="positive",
)
unary(
    "sqrt",
    "y = x^(1/2)",
    np.sqrt,
    lambda s, x: s.sqrt(x),
    lambda g, node, grad: [g.div(g.mul(grad, 0.5), node)],
    values="positive",
)
unary(
    "rsqrt",
    "y = x^(-1/2)",
    lambda x: 1 / np.sqrt(x),
    lambda s, x: s.rsqrt(x),
    lambda g, node, grad: [g.mul(g.mul(grad, -0.5), g.mul(node, g.mul(node, node)))],
    values="positive",
)
unary(
    "reciprocal",
    "y = 1 / x",
    lambda x: 1 / x,
    lambda s, x: s.div(s.const(1.0), x),
    lambda g, node, grad: [g.neg(g.mul(grad, g.mul(node, node)))],
    values="nonzero",
)
unary(
    "sin",
    "y = sin x",
    np.sin,
    lambda s, x: s.sin(x),
    lambda g, node, grad: [g.mul(grad, g.cos(node.inputs[0]))],
)
unary(
    "cos",
    "y = cos x",
    np.cos,
    lambda s, x: s.cos(x),
    lambda g, node, grad: [g.neg(g.mul(grad, g.sin(node.inputs[0])))],
)
unary(
    "tan",
    "y = tan x",
    np.tan,
    lambda s, x: s.tan(x),
    lambda g, node, grad: [g.mul(grad, g.add(g.mul(node, node), 1.0))],
    values="unit",
)
unary(
    "tanh",
    "y = tanh x",
    np.tanh,
    lambda s, x: s.tanh(x),
    lambda g, node, grad: [g.mul(grad, g.sub(1.0, g.mul(node, node)))],
)
unary(
    "sigmoid",
    "y = 1 / (1 + e^-x), without overflow.",
    _sigmoid,
    lambda s, x: s.sigmoid(x),
    lambda g, node, grad: [g.mul(grad, g.mul(node, g.sub(1.0, node)))],
)
unary(
    "relu",
    "y = max(x, 0); the derivative at 0 is 0.",
    lambda x: np.maximum(x, 0),
    lambda s, x: s.maximum(x, s.const(0.0)),
    _relu_vjp,
    traits=["idempotent"],
    values="nonzero",
)
unary(
    "softplus",
    "y = ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|), without overflow.",
    lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
    lambda s, x: s.add(s.maximum(x, s.const(0.0)), s.log1p(s.exp(s.neg(s.abs(x))))),
    lambda g, node, grad: [g.mul(grad, g.sigmoid(node.inputs[0]))],
)
unary("erf", "y = 2/sqrt(pi) * integral of e^(-t^2) from 0 to x.", _erf, lambda s, x: s.erf(x), _erf_vjp)
unary(
    "floor",
    "y = the largest integer <= x; zero derivative.",
    np.floor,
    lambda s, x: s.floor(x),
    traits=["nondiff"],
)
unary(
    "ceil",
    "y = the smallest integer >= x; zero derivative.",
    np.ceil,
    lambda s, x: s.ceil(x),
    traits=["nondiff"],
)
unary(
    "round",
    "y = the nearest integer, halves to even; zero derivative.",
    np.round,
    lambda s, x: s.round(x),
    traits=["nondiff"],
)
unary(
    "is_nan",
    "y = x is not a number.",
    np.isnan,
    lambda s, x: s.is_nan(x),
    result=DType.BOOL,
    traits=["nondiff"],
)
unary(
    "is_finite",
    "y = x is neither infinite nor NaN.",
    np.isfinite,
    lambda s, x: s.is_finite(x),
    result=DType.BOOL,
    traits=["nondiff"],
)
unary(
    "logical_not",
    "y = not x",
    np.logical_not,
    lambda s, x: s.logical_not(x),
    takes="bool",
    result=DType.BOOL,
    traits=["nondiff"],
)
unary(
    "stop_grad",
    "y = x, with zero derivative.",
    np.copy,
    lambda s, x: x,
    takes="any",
    traits=["idempotent", "nondiff"],
)


def _infer_cast(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    return types[0].with_dtype(attrs["dtype"])


def _cast_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    source = node.inputs[0].type.dtype
    return [g.cast(grad, dtype=source) if source.is_float and node.type.dtype.is_float else None]


def _cast(x: Any, dtype: DType) -> Any:
    wide = np.asarray(x).astype(np.float32) if dtype.is_half else np.asarray(x)
    return wide.astype(dtype.numpy_name)


REGISTRY.add(
    OpDef(
        "cast",
        ("x",),
        _infer_cast,
        "y = x as another element type; floats become integers by dropping the fraction, true is 1; "
        "to f16 and bf16 by way of f32, to the nearest, ties to even.",
        reference=_cast,
        scalar=lambda s, x, dtype: s.cast(x, dtype),
        vjp=_cast_vjp,
        attrs={"dtype": ...},
        traits=frozenset({"elementwise"}),
        samples=(
            Sample(((3, 4),), {"dtype": DType.F64}),
            Sample(((3, 4),), {"dtype": DType.I64}),
            Sample(((3,),), {"dtype": DType.F64}, dtypes=("bool",)),
        ),
    )
)
