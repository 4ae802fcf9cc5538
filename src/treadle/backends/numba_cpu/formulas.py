"""Elementary functions as branch-free formulas over `Num`.

Input and output: numbers of an LLVM builder. float32 results are within 4 ulp (power, atan2, sin, cos, tan
within 1: they compute in double); NaN and infinities come out as C99 says. `sin`, `cos`, `tan` of a float32
are accurate for |x| < 2**40. In float64 exp, log and what rests on them are formulas, the rest is the C
library's. Sources: the float32 polynomials of exp, log, sin and cos are those of Cephes (S. Moshier, netlib),
log in double is the scheme of fdlibm (Sun); those of erf and atan are Chebyshev interpolants.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from llvmlite import ir

if TYPE_CHECKING:
    from treadle.backends.numba_cpu.emit import Num

_LN2 = math.log(2.0)
_I32 = ir.IntType(32)


def is_single(x: Num) -> bool:
    """Return whether x is a float32."""
    return isinstance(x.value.type, ir.FloatType)


def _layout(x: Num) -> tuple[int, int]:
    """Return the width of the mantissa and the bias of the exponent."""
    return (23, 127) if is_single(x) else (52, 1023)


def _nearest_integer(x: Num) -> tuple[Num, ir.Value]:
    """Return x rounded, as a number and as a machine integer; a NaN gives garbage, never undefined
    behaviour."""
    magic = 1.5 * 2.0 ** _layout(x)[0]
    shifted = x + magic
    return shifted - magic, x.builder.sub(shifted.bits(), x.like(magic).bits())


def _power_of_two(x: Num, n: ir.Value) -> Num:
    """Return 2**n as a number of x's type, for n within the normal range."""
    mantissa, bias = _layout(x)
    return x.from_bits(x.builder.shl(x.builder.add(n, n.type(bias)), n.type(mantissa)))


def _scale(x: Num, n: ir.Value) -> Num:
    """Return x * 2**n in two steps, so that overflow and underflow come at the right place."""
    half = x.builder.ashr(n, n.type(1))
    return x * _power_of_two(x, half) * _power_of_two(x, x.builder.sub(n, half))


def _reduce_by_ln2(x: Num) -> tuple[Num, ir.Value]:
    """Return r and n with x = n*ln2 + r, |r| <= ln2/2; ln2 is subtracted in two parts, the first exactly."""
    high = 0.693359375 if is_single(x) else 6.93147180369123816490e-01
    low = -2.12194440e-4 if is_single(x) else 1.90821492927058770002e-10
    n, integer = _nearest_integer(x * (1.0 / _LN2))
    return n.times_plus(-low, n.times_plus(-high, x)), integer


def _expm1_reduced(r: Num) -> Num:
    """Return exp(r) - 1 for |r| <= ln2/2."""
    if is_single(r):
        tail = r.polynomial(
            1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.5
        )
    else:
        tail = r.polynomial(*(1.0 / math.factorial(k) for k in range(13, 1, -1)))
    return (r * r).times_plus(tail, r)


def exp(x: Num) -> Num:
    """e**x."""
    low, high = (-104.0, 89.0) if is_single(x) else (-746.0, 710.0)
    r, n = _reduce_by_ln2(x.at_least(low).at_most(high))
    return _scale(_expm1_reduced(r) + 1.0, n)


def expm1(x: Num) -> Num:
    """e**x - 1, at half scale since 2**n alone overflows one step before the result does."""
    low, high = (-18.0, 89.0) if is_single(x) else (-40.0, 710.0)
    r, n = _reduce_by_ln2(x.at_least(low).at_most(high))
    half = _power_of_two(x, x.builder.sub(n, n.type(1)))
    result = half.times_plus(_expm1_reduced(r), half - 0.5) * 2.0
    return x.when(x.test("==", 0.0), result)


def _split_for_log(x: Num) -> tuple[Num, Num]:
    """Return f and e with x = 2**e * (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), for x > 0; subnormals are scaled
    up."""
    mantissa, bias = _layout(x)
    b, lift = x.builder, float(mantissa + 2)
    tiny = x.test("<", 2.0 ** (1 - bias))
    bits = (x * 2.0**lift).when(tiny, x).bits()
    exponent = b.ashr(b.sub(bits, x.like(math.sqrt(0.5)).bits()), bits.type(mantissa))
    fraction = x.from_bits(b.sub(bits, b.shl(exponent, bits.type(mantissa))))
    small = exponent if exponent.type == _I32 else b.trunc(exponent, _I32)
    e = x.made_of(b.sitofp(small, x.value.type))
    return fraction - 1.0, e - x.like(lift).when(tiny, 0.0)


def _log_single(f: Num, e: Num) -> Num:
    square = f * f
    series = f.polynomial(
        7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
        -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
    )  # fmt: skip
    tail = e.times_plus(-2.12194440e-4, f * square * series)
    return e.times_plus(0.693359375, f + square.times_plus(-0.5, tail))


def _log_double(f: Num, e: Num) -> Num:
    s = f / (f + 2.0)
    z = s * s
    series = z * z.polynomial(
        1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01,
        2.222219843214978396e-01,
        2.857142874366239149e-01, 3.999999999940941908e-01, 6.666666666666735130e-01,
    )  # fmt: skip
    half_square = f * f * 0.5
    tail = e.times_plus(1.90821492927058770002e-10, s * (half_square + series))
    return e * 6.93147180369123816490e-01 - ((half_square - tail) - f)


def log(x: Num) -> Num:
    """Natural logarithm; log(0) = -inf, NaN below."""
    f, e = _split_for_log(x)
    finite = _log_single(f, e) if is_single(x) else _log_double(f, e)
    ordinary = finite.when(x.test("<", math.inf), x)
    return ordinary.when(x.test(">", 0.0), x.like(-math.inf).when(x.test("==", 0.0), math.nan))


def log1p(x: Num) -> Num:
    """log(1 + x), with the rounding error of 1 + x put back."""
    u = x + 1.0
    correction = (x - (u - 1.0)) / u
    usual = x.builder.and_(u.test(">", 0.0), u.test("<", math.inf))
    return x.when(x.test("==", 0.0), log(u) + correction.when(usual, 0.0))


def tanh(x: Num) -> Num:
    """-t / (t + 2) with t = expm1(-2|x|), the sign put back."""
    if not is_single(x):
        return x.libm("tanh")
    t = expm1(absolute(x) * -2.0)
    return (-t / (t + 2.0)).call("copysign", x)


def sigmoid(x: Num) -> Num:
    """1 / (1 + exp(-x))."""
    return 1.0 / (exp(-x) + 1.0)


def softplus(x: Num) -> Num:
    """log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|))."""
    return x.at_least(0.0) + log1p(exp(-absolute(x)))


def erf(x: Num) -> Num:
    """Error function: x * P(x*x) for |x| < 1, else 1 - exp(Q(|x|))."""
    if not is_single(x):
        return x.libm("erf")
    square, size = x * x, absolute(x)
    small = x * square.polynomial(
        -9.66704457149e-06, 0.000112659590256, -0.000848408040554, 0.00522103180786, -0.0268654307277,
        0.112837824952, -0.37612638468, 1.12837916706,
    )  # fmt: skip
    exponent = size.at_most(4.0).polynomial(
        1.63993801648e-06, -4.61129139062e-05, 0.000597264433142, -0.00476171723581, 0.0264270437721,
        -0.110090197464, -0.631815699582, -1.13023920142, 0.00032147102638,
    )  # fmt: skip
    return small.when(size.test("<", 1.0), (1.0 - exp(exponent)).call("copysign", x))


def _quadrant(x: Num) -> tuple[Num, ir.Value]:
    """Return r and n with x = n*pi/2 + r, |r| <= pi/4, for a float32 x; the reduction is in double."""
    wide = x.to_double()
    n, integer = _nearest_integer(wide * (2.0 / math.pi))
    r = n.times_plus(-6.123233995736766e-17, n.times_plus(-math.pi / 2.0, wide))
    return r.to_float(), x.builder.trunc(integer, _I32)


def _sine_of(r: Num, n: ir.Value) -> Num:
    """Return sin(r + n*pi/2) for |r| <= pi/4."""
    b, z = r.builder, r * r
    sine = (z * r).times_plus(z.polynomial(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1), r)
    series = z.polynomial(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
    cosine = (z * z).times_plus(series, z.times_plus(-0.5, 1.0))
    swap = b.icmp_signed("!=", b.and_(n, _I32(1)), _I32(0))
    flip = b.icmp_signed("!=", b.and_(n, _I32(2)), _I32(0))
    value = cosine.when(swap, sine)
    return (-value).when(flip, value)


def sin(x: Num) -> Num:
    """Sine."""
    if not is_single(x):
        return x.libm("sin")
    return x.when(x.test("==", 0.0), _sine_of(*_quadrant(x)))


def cos(x: Num) -> Num:
    """Cosine, as the sine of the next quadrant."""
    if not is_single(x):
        return x.libm("cos")
    r, n = _quadrant(x)
    return _sine_of(r, x.builder.add(n, _I32(1)))


def tan(x: Num) -> Num:
    """Tangent."""
    return sin(x) / cos(x) if is_single(x) else x.libm("tan")


def power(x: Num, y: Num) -> Num:
    """x**y; a negative x needs an integer y."""
    if not is_single(x):
        return x.libm("pow", y)
    base, exponent, b = x.to_double(), y.to_double(), x.builder
    size = exp(exponent * log(absolute(base)))
    whole = trunc(exponent).test("==", exponent)
    odd = b.and_(whole, b.not_(trunc(exponent * 0.5).test("==", exponent * 0.5)))
    signed = size.call("copysign", base).when(odd, size)
    allowed = b.or_(b.or_(whole, base.test(">=", 0.0)), base.is_nan())
    result = signed.when(b.or_(allowed, isinf(base)), math.nan)
    one = b.or_(exponent.test("==", 0.0), base.test("==", 1.0))
    one = b.or_(one, b.and_(base.test("==", -1.0), isinf(exponent)))
    return base.like(1.0).when(one, result).to_float()


def atan2(y: Num, x: Num) -> Num:
    """Angle of the point (x, y), from the arc tangent of the smaller over the larger side."""
    if not is_single(x):
        return y.libm("atan2", x)
    wide_y, wide_x, b = y.to_double(), x.to_double(), x.builder
    rise, run = absolute(wide_y), absolute(wide_x)
    steep = rise.test(">", run)
    low, high = run.when(steep, rise), rise.when(steep, run)
    even = b.and_(low.test("==", high), b.or_(isinf(high), high.test("==", 0.0)))
    ratio = low.like(1.0).when(isinf(high), 0.0).when(even, low / high)
    angle = ratio * (ratio * ratio).polynomial(
        0.000419227860113, -0.00319542524074, 0.0114276332774, -0.0260059959776, 0.0436465894428,
        -0.0602219638794, 0.074952623781, -0.0904917909372, 0.111053067324, -0.142852256082, 0.199999783362,
        -0.333333329517, 0.999999999989,
    )  # fmt: skip
    angle = (math.pi / 2.0 - angle).when(steep, angle)
    behind = b.icmp_signed("<", x.bits(), _I32(0))
    return (math.pi - angle).when(behind, angle).call("copysign", wide_y).to_float()


def sqrt(x: Num) -> Num:
    """Square root."""
    return x.call("sqrt")


def reciprocal(x: Num) -> Num:
    """1 / x."""
    return 1.0 / x


def rsqrt(x: Num) -> Num:
    """1 / sqrt(x)."""
    return 1.0 / sqrt(x)


def floor(x: Num) -> Num:
    """Largest integer not above x."""
    return x.call("floor")


def ceil(x: Num) -> Num:
    """Smallest integer not below x."""
    return x.call("ceil")


def trunc(x: Num) -> Num:
    """Nearest integer towards zero."""
    return x.call("trunc")


def round_even(x: Num) -> Num:
    """Nearest integer, halves to even."""
    return x.call("roundeven")


def absolute(x: Num) -> Num:
    """|x|."""
    return x.call("fabs")


def sign(x: Num) -> Num:
    """-1, 0 or 1; NaN stays NaN."""
    negative = x.like(-1.0).when(x.test("<", 0.0), x)
    return x.like(1.0).when(x.test(">", 0.0), negative)


def isnan(x: Num) -> ir.Value:
    """Whether x is NaN."""
    return x.is_nan()


def isinf(x: Num) -> ir.Value:
    """Whether x is an infinity."""
    return absolute(x).test("==", math.inf)


def isfinite(x: Num) -> ir.Value:
    """Whether x is neither NaN nor an infinity."""
    return absolute(x).test("<", math.inf)
