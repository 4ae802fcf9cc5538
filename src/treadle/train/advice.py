"""What helps against a NaN or an infinity, by the op that made it.

Input: an origin. Output: a sentence.
"""

from __future__ import annotations

import numpy as np

from treadle.backends.numpy_ref import Origin

_GENERAL = "lower the learning rate, or add `clip global_norm(1.0)`"
_DATA = "look for gaps or wrong values in the data; the batch is kept"
_BY_OP = {
    "log": "keep the operand above 0, as in `log(x + 1e-7)`; losses such as `cross_entropy` take logits",
    "log1p": "keep the operand above -1",
    "div": "keep the divisor away from 0, as in `a / (b + 1e-7)`",
    "reciprocal": "keep the operand away from 0, as in `1 / (x + 1e-7)`",
    "rsqrt": "keep the operand above 0, as in `1 / sqrt(x + 1e-7)`",
    "sqrt": "keep the operand at 0 or above",
    "pow": "a negative base needs a whole exponent, and a base of 0 a positive one",
    "exp": "the operand is too large: subtract its maximum, use `softmax` or `logsumexp`, or lower the rate",
    "expm1": "the operand is too large: bound it, or lower the learning rate",
    "const": "a constant of the spec is no finite number: look at the arithmetic on this line",
    "table": "a constant of the spec is no finite number: look at the arithmetic on this line",
    "input": _DATA,
}
_AT_ZERO = "the derivative has no value at 0; add a small number before: `sqrt(x + 1e-7)`"
_SINGULAR = frozenset({"div", "reciprocal", "rsqrt", "pow"})


def advice(origin: Origin, *, forward: bool) -> str:
    """What to try first."""
    if not forward and origin.node.op in _SINGULAR and _has_zero(origin):
        return _AT_ZERO
    return _BY_OP.get(origin.node.op, _GENERAL)


def _has_zero(origin: Origin) -> bool:
    return any(bool((np.asarray(operand) == 0).any()) for operand in origin.operands)
