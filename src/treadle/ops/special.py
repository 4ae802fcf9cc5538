"""Elementwise special functions: the complementary error function, the logarithm of gamma and its
derivatives.

`log_gamma` and `polygamma` are for x > 0; the library's `lgamma` and `digamma` reflect the rest. Sources:
Abramowitz and Stegun 6.1.41, 6.4.11; erfc is a Chebyshev interpolant, computed with 60 digits, of the
logarithm of erfc(x) e^(x^2) / t in 2 t - 1, t = 2 / (2 + x).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from treadle.ops.elementwise import unary
from treadle.ops.opdef import REGISTRY, Attrs, OpDef, Sample, TypeRuleError
from treadle.ops.rules import need_float
from treadle.types import TensorType

_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)  # B2, B4, ...
_STEPS = 10  # of x -> x + 1 before the asymptotic series is taken
_ERFC = (
    -0.6717940840566923, 0.6726432239776567, 0.04734330684190443, -0.046895610231175305,
    -0.009872689366389957, 0.008824938557060623, 0.001758933557799016, -0.002345812500482853,
    -0.00014624686337800342, 0.000673678795580235, -9.373503117098169e-05, -0.0001743029472030762,
    7.140101412757029e-05, 3.1745179749437396e-05, -3.0187884551394246e-05, 1.37726641344644e-07,
    8.562623420121287e-06, -2.9479868769982595e-06, -1.2723119048688704e-06, 1.2500276612569751e-06,
    -1.6849800720653287e-07, -2.495832761719667e-07, 1.5334345920908171e-07, 1.4448658046252822e-09,
    -3.917182051027182e-08, 1.117235226362376e-08, 4.06088214696972e-09, -1.8902306008944537e-09,
)  # fmt: skip


def _erfc(s: Any, x: Any) -> Any:
    """t e^(-x^2 + p(t)) for x >= 0; 2 minus that for x < 0."""
    a = s.abs(x)
    t = s.div(s.const(2.0), s.add(a, 2.0))
    u = s.sub(s.mul(t, 2.0), 1.0)
    series = s.mul(u, _ERFC[-1])
    for coefficient in reversed(_ERFC[1:-1]):
        series = s.mul(s.add(series, coefficient), u)
    tail = s.mul(t, s.exp(s.sub(s.add(series, _ERFC[0]), s.mul(a, a))))
    return s.select(s.lt(x, s.const(0.0)), s.sub(2.0, tail), tail)


def _erfc_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    x = node.inputs[0]
    return [g.mul(grad, g.mul(g.exp(g.neg(g.mul(x, x))), -2.0 / math.sqrt(math.pi)))]


unary(
    "erfc",
    "y = 1 - erf(x), exact where it is small.",
    lambda x: np.asarray(np.frompyfunc(math.erfc, 1, 1)(x)).astype(np.asarray(x).dtype),
    _erfc,
    _erfc_vjp,
)


def _log_gamma(s: Any, x: Any) -> Any:
    """Stirling's series at z = x, or at x + 8 for small x: gamma(x + 8) = x (x + 1) ... (x + 7) gamma(x)."""
    small = s.lt(x, s.const(8.0))
    low = s.minimum(x, s.const(8.0))
    product = low
    for k in range(1, 8):
        product = s.mul(product, s.add(low, float(k)))
    z = s.select(small, s.add(low, 8.0), x)
    inverse = s.div(s.const(1.0), z)
    square = s.mul(inverse, inverse)
    series = s.mul(square, 0.0)
    for k in range(len(_BERNOULLI), 0, -1):
        series = s.add(s.mul(series, square), _BERNOULLI[k - 1] / (2 * k * (2 * k - 1)))
    stirling = s.sub(s.mul(s.sub(z, 0.5), s.log(z)), z)
    total = s.add(s.add(stirling, 0.5 * math.log(2 * math.pi)), s.mul(series, inverse))
    return s.sub(total, s.select(small, s.log(product), s.const(0.0)))


unary(
    "log_gamma",
    "y = ln gamma(x) for x > 0.",
    lambda x: np.asarray(np.frompyfunc(math.lgamma, 1, 1)(x)).astype(np.asarray(x).dtype),
    _log_gamma,
    lambda g, node, grad: [g.mul(grad, g.polygamma(node.inputs[0], order=0))],
    values="unit",
)


def _series(order: int) -> list[float]:
    """Coefficients of z^(-order - 2k), k = 1, 2, ... of the asymptotic series."""
    if order == 0:
        return [-b / (2 * k) for k, b in enumerate(_BERNOULLI, 1)]
    return [
        b * math.factorial(2 * k + order - 1) / math.factorial(2 * k) for k, b in enumerate(_BERNOULLI, 1)
    ]


def _polygamma(s: Any, x: Any, order: int) -> Any:
    """The recurrence up to z = x + 10, the asymptotic series there."""

    def power(base: Any, exponent: int) -> Any:
        result = base
        for _ in range(exponent - 1):
            result = s.mul(result, base)
        return result

    z = s.add(x, float(_STEPS))
    inverse = s.div(s.const(1.0), z)
    square = s.mul(inverse, inverse)
    tail = s.mul(square, 0.0)
    for coefficient in reversed(_series(order)):
        tail = s.mul(s.add(tail, coefficient), square)
    shifts = [power(s.div(s.const(1.0), s.add(x, float(k))), order + 1) for k in range(_STEPS)]
    total = shifts[0]
    for shift in shifts[1:]:
        total = s.add(total, shift)
    if order == 0:
        return s.sub(s.add(s.sub(s.log(z), s.mul(inverse, 0.5)), tail), total)
    factor = float(math.factorial(order))
    leading = s.mul(power(inverse, order), factor / order)
    middle = s.mul(power(inverse, order + 1), 0.5 * factor)
    series = s.add(s.add(leading, middle), s.mul(tail, power(inverse, order)))
    return s.mul(s.add(s.mul(total, factor), series), 1.0 if order % 2 else -1.0)


def _polygamma_reference(x: Any, order: int) -> Any:
    """The scalar formula over arrays: with 25 steps the series has no part in the result's last digit."""
    wide = np.asarray(x, np.float64)
    z = wide + 25
    tail = sum(c / z ** (order + 2 * k) for k, c in enumerate(_series(order), 1))
    sums = sum(1 / (wide + k) ** (order + 1) for k in range(25))
    if order == 0:
        result = np.log(z) - 0.5 / z + tail - sums
    else:
        factor = math.factorial(order)
        series = factor / order / z**order + factor / 2 / z ** (order + 1) + tail
        result = (-1.0) ** (order + 1) * (factor * sums + series)
    return np.asarray(result).astype(np.asarray(x).dtype)


def _infer_polygamma(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    need_float("polygamma", types[0])
    if not 0 <= attrs["order"] <= 20:
        raise TypeRuleError("E0220", f"polygamma: the order lies in 0 ... 20, not {attrs['order']}")
    return types[0]


REGISTRY.add(
    OpDef(
        "polygamma",
        ("x",),
        _infer_polygamma,
        "y = the derivative number `order` + 1 of ln gamma(x), for x > 0.",
        reference=_polygamma_reference,
        scalar=_polygamma,
        vjp=lambda g, node, grad: [g.mul(grad, g.polygamma(node.inputs[0], order=node.attrs["order"] + 1))],
        attrs={"order": ...},
        traits=frozenset({"elementwise"}),
        samples=(
            Sample(((3, 4),), {"order": 0}, domain="above one"),
            Sample(((3, 4),), {"order": 2}, domain="above one"),
        ),
    )
)
