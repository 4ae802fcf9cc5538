"""The closed set of scalar intrinsics, evaluated with NumPy: what a scalar formula may use."""

from __future__ import annotations

import math

import numpy as np


class NumpyScalars:
    """A scalar builder whose scalars are arrays."""

    add = staticmethod(np.add)
    sub = staticmethod(np.subtract)
    mul = staticmethod(np.multiply)
    div = staticmethod(np.divide)
    neg = staticmethod(np.negative)
    abs = staticmethod(np.abs)
    exp = staticmethod(np.exp)
    expm1 = staticmethod(np.expm1)
    log = staticmethod(np.log)
    log1p = staticmethod(np.log1p)
    sqrt = staticmethod(np.sqrt)
    sin = staticmethod(np.sin)
    cos = staticmethod(np.cos)
    tan = staticmethod(np.tan)
    tanh = staticmethod(np.tanh)
    erf = staticmethod(np.vectorize(math.erf))
    pow = staticmethod(np.power)
    floor = staticmethod(np.floor)
    ceil = staticmethod(np.ceil)
    round = staticmethod(np.round)
    maximum = staticmethod(np.maximum)
    minimum = staticmethod(np.minimum)
    mod = staticmethod(np.mod)
    floordiv = staticmethod(np.floor_divide)
    atan2 = staticmethod(np.arctan2)
    lt = staticmethod(np.less)
    le = staticmethod(np.less_equal)
    gt = staticmethod(np.greater)
    ge = staticmethod(np.greater_equal)
    eq = staticmethod(np.equal)
    ne = staticmethod(np.not_equal)
    logical_and = staticmethod(np.logical_and)
    logical_or = staticmethod(np.logical_or)
    logical_not = staticmethod(np.logical_not)
    select = staticmethod(np.where)
    is_nan = staticmethod(np.isnan)
    is_finite = staticmethod(np.isfinite)

    @staticmethod
    def rsqrt(x):
        return 1 / np.sqrt(x)

    @staticmethod
    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    @staticmethod
    def cast(x, dtype):
        return np.asarray(x).astype(dtype.numpy_name)

    @staticmethod
    def const(value):
        return value
