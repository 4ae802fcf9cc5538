"""Elementwise inverses of the trigonometric functions, hyperbolic functions and their inverses.

Formulas avoid the cancellation of the textbook ones: near 0 through log1p and expm1, far out through halves
of the argument, which overflow no sooner than the result.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from treadle.ops.elementwise import unary


def _one_minus_square(m: Any, x: Any) -> Any:
    """1 - x^2 as a product, exact near +-1; `m` makes nodes or scalars."""
    return m.mul(m.sub(1.0, x), m.add(x, 1.0))


def _signed(s: Any, size: Any, x: Any) -> Any:
    return s.select(s.lt(x, s.const(0.0)), s.neg(size), size)


def _sinh(s: Any, x: Any) -> Any:
    size = s.abs(x)
    small = s.expm1(s.minimum(size, s.const(1.0)))
    near = s.mul(s.add(small, s.div(small, s.add(small, 1.0))), 0.5)
    half = s.exp(s.mul(size, 0.5))
    far = s.sub(s.mul(s.mul(half, 0.5), half), s.div(s.div(s.const(0.5), half), half))
    return _signed(s, s.select(s.lt(size, s.const(1.0)), near, far), x)


def _cosh(s: Any, x: Any) -> Any:
    half = s.exp(s.mul(s.abs(x), 0.5))
    return s.add(s.mul(s.mul(half, 0.5), half), s.div(s.div(s.const(0.5), half), half))


def _asinh(s: Any, x: Any) -> Any:
    """ln(a + sqrt(a^2 + 1)) of a = |x|; from 2^13 on ln(2a), whose square could overflow."""
    size = s.abs(x)
    a = s.minimum(size, s.const(8192.0))
    square = s.mul(a, a)
    root = s.sqrt(s.add(square, 1.0))
    near = s.log1p(s.add(a, s.div(square, s.add(root, 1.0))))
    inverse = s.div(s.const(0.5), s.maximum(size, s.const(1.0)))
    far = s.add(s.add(s.log(size), math.log(2.0)), s.mul(inverse, inverse))
    return _signed(s, s.select(s.lt(size, s.const(8192.0)), near, far), x)


def _acosh(s: Any, x: Any) -> Any:
    """ln(1 + d + sqrt(d) sqrt(d + 2)) of d = x - 1; from 2^13 on ln(2x)."""
    d = s.sub(s.minimum(x, s.const(8192.0)), 1.0)
    near = s.log1p(s.add(d, s.mul(s.sqrt(d), s.sqrt(s.add(d, 2.0)))))
    inverse = s.div(s.const(0.5), x)
    far = s.sub(s.add(s.log(x), math.log(2.0)), s.mul(inverse, inverse))
    return s.select(s.lt(x, s.const(8192.0)), near, far)


def _atanh(s: Any, x: Any) -> Any:
    a = s.abs(x)
    return _signed(s, s.mul(s.log1p(s.div(s.add(a, a), s.sub(1.0, a))), 0.5), x)


def _asin_vjp(g: Any, node: Any, grad: Any) -> list[Any]:
    return [g.mul(grad, g.rsqrt(_one_minus_square(g, node.inputs[0])))]


def _acos_vjp(g: Any, node: Any, grad: Any) -> list[Any]:
    return [g.neg(g.mul(grad, g.rsqrt(_one_minus_square(g, node.inputs[0]))))]


def _atan_vjp(g: Any, node: Any, grad: Any) -> list[Any]:
    x = node.inputs[0]
    return [g.div(grad, g.add(g.mul(x, x), 1.0))]


def _asinh_vjp(g: Any, node: Any, grad: Any) -> list[Any]:
    x = node.inputs[0]
    return [g.mul(grad, g.rsqrt(g.add(g.mul(x, x), 1.0)))]


def _acosh_vjp(g: Any, node: Any, grad: Any) -> list[Any]:
    x = node.inputs[0]
    return [g.mul(grad, g.mul(g.rsqrt(g.sub(x, 1.0)), g.rsqrt(g.add(x, 1.0))))]


def _atanh_vjp(g: Any, node: Any, grad: Any) -> list[Any]:
    return [g.div(grad, _one_minus_square(g, node.inputs[0]))]


unary(
    "asin",
    "y = the angle in [-pi/2, pi/2] whose sine is x.",
    np.arcsin,
    lambda s, x: s.atan2(x, s.sqrt(_one_minus_square(s, x))),
    _asin_vjp,
    values="unit",
)
unary(
    "acos",
    "y = the angle in [0, pi] whose cosine is x.",
    np.arccos,
    lambda s, x: s.atan2(s.sqrt(_one_minus_square(s, x)), x),
    _acos_vjp,
    values="unit",
)
unary(
    "atan",
    "y = the angle in (-pi/2, pi/2) whose tangent is x.",
    np.arctan,
    lambda s, x: s.atan2(x, s.const(1.0)),
    _atan_vjp,
)
unary(
    "sinh",
    "y = (e^x - e^-x) / 2, exact for small x.",
    np.sinh,
    _sinh,
    lambda g, node, grad: [g.mul(grad, g.cosh(node.inputs[0]))],
)
unary(
    "cosh",
    "y = (e^x + e^-x) / 2",
    np.cosh,
    _cosh,
    lambda g, node, grad: [g.mul(grad, g.sinh(node.inputs[0]))],
)
unary("asinh", "y = ln(x + sqrt(x^2 + 1)), exact for small x.", np.arcsinh, _asinh, _asinh_vjp)
unary("acosh", "y = ln(x + sqrt(x^2 - 1)) for x >= 1.", np.arccosh, _acosh, _acosh_vjp, values="above one")
unary("atanh", "y = ln((1 + x) / (1 - x)) / 2 for |x| < 1.", np.arctanh, _atanh, _atanh_vjp, values="unit")
