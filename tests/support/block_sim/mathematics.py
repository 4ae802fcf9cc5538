"""The dialect's scalar functions on NumPy scalars: the type of the argument is the type of the result."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), without overflow."""
    one = type(x)(1)
    small = np.exp(-np.abs(x))
    return (one if x >= 0 else small) / (one + small)


def softplus(x: Any) -> Any:
    """log(1 + exp(x)), without overflow."""
    return np.maximum(x, type(x)(0)) + np.log1p(np.exp(-np.abs(x)))


def erf(x: Any) -> Any:
    """The error function."""
    return type(x)(math.erf(x))


def rsqrt(x: Any) -> Any:
    """1 / sqrt(x)."""
    return type(x)(1) / np.sqrt(x)


def reciprocal(x: Any) -> Any:
    """1 / x."""
    return type(x)(1) / x


def select(condition: Any, yes: Any, no: Any) -> Any:
    """One of two values."""
    return yes if condition else no


def fma(a: Any, b: Any, c: Any) -> Any:
    """a b + c, rounded once (float32; in float64 twice)."""
    return type(a)(np.float64(a) * np.float64(b) + np.float64(c))


def quotient(number: Any, magic: Any, shift: Any) -> Any:
    """`number // d`, with `magic` and `shift` made from d."""
    return np.int32(int(number) * (int(magic) & 2**32 - 1) >> int(shift))


def mulhi_u32(a: Any, b: Any) -> Any:
    """The upper 32 bits of a product of two 32-bit numbers."""
    return np.uint32(int(a) * int(b) >> 32)


def float_bits(x: Any) -> Any:
    """The bits of a float32."""
    return np.float32(x).view(np.uint32)


def bits_float(bits: Any) -> Any:
    """The float32 that has these bits."""
    return np.uint32(bits).view(np.float32)


def bf16_to_f32(half: Any) -> Any:
    """Exact."""
    return np.uint32(int(half) << 16).view(np.float32)


def f32_to_bf16(x: Any) -> Any:
    """Rounds to nearest, ties to even; a NaN stays one."""
    if np.isnan(x):
        return np.uint16(0x7FFF)
    bits = int(np.float32(x).view(np.uint32))
    return np.uint16((bits + 0x7FFF + (bits >> 16 & 1)) >> 16)


def f16_to_f32(half: Any) -> Any:
    """Exact."""
    return np.float32(np.uint16(half).view(np.float16))


def f32_to_f16(x: Any) -> Any:
    """Rounds to nearest, ties to even."""
    return np.float16(x).view(np.uint16)


NAMES = {
    "inf": math.inf,
    "nan": math.nan,
    "copysign": np.copysign,
    "quotient": quotient,
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "erf": erf,
    "power": np.power,
    "sqrt": np.sqrt,
    "rsqrt": rsqrt,
    "reciprocal": reciprocal,
    "floor": np.floor,
    "ceil": np.ceil,
    "round_even": np.rint,
    "trunc": np.trunc,
    "absolute": np.abs,
    "sign": np.sign,
    "atan2": np.arctan2,
    "isnan": np.isnan,
    "isinf": np.isinf,
    "isfinite": np.isfinite,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "select": select,
    "fma": fma,
    "mulhi_u32": mulhi_u32,
    "float_bits": float_bits,
    "bits_float": bits_float,
    "bf16_to_f32": bf16_to_f32,
    "f32_to_bf16": f32_to_bf16,
    "f16_to_f32": f16_to_f32,
    "f32_to_f16": f32_to_f16,
}
