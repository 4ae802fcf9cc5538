"""Philox4x32-10 in the device dialect: the draws of `ops/philox.py`, word for word.

Input: the two words of a key, the stream and the number of the element, all i64. Output: a float, or a word
of a new key. Uniform draws equal those of other backends bit by bit; normal ones differ from them by the
rounding of logarithm and cosine: about 4e-7 absolutely in float32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.cuda.extending import intrinsic
from numba.cuda.types import float32, float64, int64
from numba.cuda.typing import signature

from treadle.backends.numba_cuda.device_math import call
from treadle.ops.philox import FOLD_DOMAIN, MULTIPLIERS, ROUNDS, WEYL

__all__ = ["fold_in", "random_normal_f32", "random_normal_f64", "random_uniform_f32", "random_uniform_f64"]

_I32, _I64 = ir.IntType(32), ir.IntType(64)
Words = list[ir.Value]


def _halves(b: ir.IRBuilder, value: ir.Value) -> Words:
    """Low and high half of a 64-bit integer."""
    return [b.trunc(value, _I32), b.trunc(b.lshr(value, _I64(32)), _I32)]


def _product(b: ir.IRBuilder, word: ir.Value, multiplier: int) -> Words:
    return _halves(b, b.mul(b.zext(word, _I64), _I64(multiplier)))


def _philox(b: ir.IRBuilder, counter: Words, key: Words) -> Words:
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        low, high = _product(b, c0, MULTIPLIERS[0])
        other_low, other_high = _product(b, c2, MULTIPLIERS[1])
        c0, c1 = b.xor(b.xor(other_high, c1), k0), other_low
        c2, c3 = b.xor(b.xor(high, c3), k1), low
        k0, k1 = b.add(k0, _I32(WEYL[0])), b.add(k1, _I32(WEYL[1]))
    return [c0, c1, c2, c3]


@intrinsic
def fold_in(_context: Any, _key: Any, _step: Any, _data: Any, _half: Any) -> Any:
    """Return word `half` (0 or 1) of the key made from a key and a number."""

    def emit(_target: Any, b: ir.IRBuilder, _signature: Any, values: Words) -> ir.Value:
        key, step, data = (_halves(b, value) for value in values[:3])
        words = _philox(b, [*data, *step], [key[0], b.xor(key[1], _I32(FOLD_DOMAIN))])
        first, second = (
            b.or_(b.zext(low, _I64), b.shl(b.zext(high, _I64), _I64(32)))
            for low, high in (words[:2], words[2:])
        )
        return b.select(b.icmp_signed("==", values[3], _I64(0)), first, second)

    return signature(int64, int64, int64, int64, int64), emit


def _draw(b: ir.IRBuilder, values: Words) -> Words:
    """Four words for one element."""
    key, step, stream, element = (_halves(b, value) for value in values)
    return _philox(b, [element[0], b.xor(element[1], step[1]), stream[0], step[0]], key)


def _fraction(b: ir.IRBuilder, pair: Words, kind: ir.Type) -> ir.Value:
    """A float in [0, 1) from the highest bits of a pair of words."""
    if isinstance(kind, ir.FloatType):
        return b.fmul(b.sitofp(b.lshr(pair[0], _I32(8)), kind), kind(2.0**-24))
    high, low = (b.sitofp(b.lshr(word, _I32(bits)), kind) for word, bits in zip(pair, (5, 6), strict=True))
    return b.fmul(b.fadd(b.fmul(high, kind(2.0**26)), low), kind(2.0**-53))


def _uniform(b: ir.IRBuilder, values: Words, kind: ir.Type) -> ir.Value:
    return _fraction(b, _draw(b, values)[:2], kind)


def _normal(b: ir.IRBuilder, values: Words, kind: ir.Type) -> ir.Value:
    """The Box-Muller transform; the radius is taken of 1 - u, which is never 0."""
    w0, w1, w2, w3 = _draw(b, values)
    pairs = ([w0, w0], [w1, w1]) if isinstance(kind, ir.FloatType) else ([w0, w1], [w2, w3])
    radius, angle = (_fraction(b, pair, kind) for pair in pairs)
    logarithm = call(b, "logf", "log", b.fsub(kind(1.0), radius))
    length = call(b, "fsqrt_rn", "dsqrt_rn", b.fmul(kind(-2.0), logarithm))
    return b.fmul(length, call(b, "cospif", "cospi", b.fmul(kind(2.0), angle)))


def _drawing(write: Callable[..., ir.Value], result: Any, kind: ir.Type) -> Any:
    """A function of the dialect: a draw from the two words of a key, the stream and the element's number."""

    def draw(_context: Any, _key: Any, _step: Any, _stream: Any, _element: Any) -> Any:
        def emit(_target: Any, builder: ir.IRBuilder, _signature: Any, values: Words) -> ir.Value:
            return write(builder, values, kind)

        return signature(result, int64, int64, int64, int64), emit

    return intrinsic(draw)


random_uniform_f32 = _drawing(_uniform, float32, ir.FloatType())
random_uniform_f64 = _drawing(_uniform, float64, ir.DoubleType())
random_normal_f32 = _drawing(_normal, float32, ir.FloatType())
random_normal_f64 = _drawing(_normal, float64, ir.DoubleType())
