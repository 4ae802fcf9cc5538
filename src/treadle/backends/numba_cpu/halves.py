"""float16 and bfloat16 in LLVM: words of 16 bits to float32 and back.

Input: an LLVM builder and values. Output: instructions in place, which vectorise. Rounding is to the nearest,
ties to even, as in `ops/halves.py`: float16 by the processor's own conversion, bfloat16 by arithmetic on the
bits of a float32, of which it is the upper half.
"""

from __future__ import annotations

from llvmlite import ir

_I16, _I32 = ir.IntType(16), ir.IntType(32)
_QUIET = 0x40  # the bit that tells a NaN from an infinity, if all others are lost


def widen(builder: ir.IRBuilder, dtype: str, word: ir.Value) -> ir.Value:
    """A word of "f16" or "bf16" as float32; exact."""
    if dtype == "f16":
        return builder.fpext(builder.bitcast(word, ir.HalfType()), ir.FloatType())
    return builder.bitcast(builder.shl(builder.zext(word, _I32), _I32(16)), ir.FloatType())


def narrow(builder: ir.IRBuilder, dtype: str, value: ir.Value) -> ir.Value:
    """The nearest word of "f16" or "bf16" to a float32."""
    if dtype == "f16":
        return builder.bitcast(builder.fptrunc(value, ir.HalfType()), _I16)
    bits = builder.bitcast(value, _I32)
    upper = builder.lshr(bits, _I32(16))
    half = builder.add(_I32(0x7FFF), builder.and_(upper, _I32(1)))
    nearest = builder.lshr(builder.add(bits, half), _I32(16))
    is_nan = builder.fcmp_unordered("uno", value, value)
    return builder.trunc(builder.select(is_nan, builder.or_(upper, _I32(_QUIET)), nearest), _I16)
