"""The device dialect: the names that a kernel's text may use, for numba-cuda.

Scalar types, indices, memory and functions; tensor cores are in `dialect_mma.py`. The simulator of the tests
has the same names. Functions take float32 or float64 and compute in the type they are given: no float32
kernel holds a float64 instruction. Imports numba, which takes long: only `compile.py` imports this module.
"""

from __future__ import annotations

from math import inf, nan

from numba import cuda
from numba.cuda.types import (
    boolean,
    float32,
    float64,
    int8,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)

from treadle.backends.numba_cuda.device_math import (
    absolute,
    atan2,
    ceil,
    copysign,
    cos,
    erf,
    exp,
    expm1,
    floor,
    isfinite,
    isinf,
    isnan,
    log,
    log1p,
    power,
    reciprocal,
    round_even,
    rsqrt,
    sigmoid,
    sign,
    sin,
    softplus,
    sqrt,
    tan,
    tanh,
    trunc,
)
from treadle.backends.numba_cuda.device_random import (
    fold_in,
    random_normal_f32,
    random_normal_f64,
    random_uniform_f32,
    random_uniform_f64,
)
from treadle.backends.numba_cuda.device_words import (
    atomic_add,
    bf16_to_f32,
    bits_float,
    f16_to_f32,
    f32_to_bf16,
    f32_to_f16,
    float_bits,
    fma,
    load2,
    load4,
    maximum,
    minimum,
    mulhi_u32,
    quotient,
    select,
    shared_load2,
    shared_load4,
    shared_store2,
    shared_store4,
    store2,
    store4,
)

__all__ = [
    "absolute", "atan2", "atomic_add", "bf16_to_f32", "bits_float", "boolean", "ceil", "copysign",
    "cos", "cuda", "erf", "exp", "expm1", "f16_to_f32", "f32_to_bf16", "f32_to_f16", "float32",
    "float64", "float_bits", "floor", "fma", "fold_in", "inf", "int8", "int32", "int64", "isfinite",
    "isinf", "isnan", "load2", "load4", "log", "log1p", "maximum", "minimum", "mulhi_u32", "nan",
    "power", "quotient", "random_normal_f32", "random_normal_f64", "random_uniform_f32",
    "random_uniform_f64", "reciprocal", "round_even", "rsqrt", "select", "shared_load2", "shared_load4",
    "shared_store2", "shared_store4", "sigmoid", "sign", "sin", "softplus", "sqrt", "store2", "store4",
    "tan", "tanh", "trunc", "uint8", "uint16", "uint32", "uint64",
]  # fmt: skip
