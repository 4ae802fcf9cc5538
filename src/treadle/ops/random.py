"""Random draws: pure functions of a key (i64[2]) and the number of the draw site, `stream`; see `philox`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from treadle.ops.opdef import REGISTRY, Attrs, Infer, OpDef, Sample, TypeRuleError
from treadle.ops.philox import draw_words, fold_words, join
from treadle.types import DType, TensorType
from treadle.types.tensor import shape_size

KEY_TYPE = TensorType(DType.I64, (2,))
PRECISION = {DType.F32: 24, DType.F16: 11, DType.BF16: 8}  # bits of a word that a float of the type can hold


def _need_key(name: str, type_: TensorType) -> None:
    if type_ != KEY_TYPE:
        raise TypeRuleError("E0214", f"{name} needs a key {KEY_TYPE}, not {type_}", (0,))


def _infer_fold_in(types: Sequence[TensorType], attrs: Attrs) -> TensorType:  # noqa: ARG001 - one signature for all
    _need_key("fold_in", types[0])
    if types[1] != TensorType(DType.I64, ()):
        raise TypeRuleError("E0214", f"fold_in needs an integer i64[], not {types[1]}", (1,))
    return KEY_TYPE


def _infer_draw(name: str) -> Infer:
    def infer(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
        _need_key(name, types[0])
        if not attrs["dtype"].is_float:
            raise TypeRuleError("E0214", f"{name} draws floats, not {attrs['dtype']}")
        return TensorType(attrs["dtype"], attrs["shape"])

    return infer


def _fold_in(key: Any, data: Any) -> Any:
    w0, w1, w2, w3 = fold_words(key, data)
    return np.stack([join(w0, w1), join(w2, w3)])


def _fraction(words: tuple[Any, Any], dtype: DType) -> Any:
    """Floats in [0, 1) from a pair of words."""
    if dtype is DType.F64:
        high, low = words[0] >> np.uint64(5), words[1] >> np.uint64(6)
        return (high.astype(np.float64) * 2.0**26 + low.astype(np.float64)) / 2.0**53
    bits = PRECISION[dtype]
    kept = (words[0] >> np.uint64(32 - bits)).astype(np.float64)
    return (kept / 2.0**bits).astype(dtype.numpy_name)


def _uniform(key: Any, shape: tuple[int, ...], dtype: DType, stream: int) -> Any:
    w0, w1, _, _ = draw_words(key, stream, int(shape_size(shape)))  # type: ignore[arg-type]  # static when run
    return _fraction((w0, w1), dtype).reshape(shape)


def _normal(key: Any, shape: tuple[int, ...], dtype: DType, stream: int) -> Any:
    w0, w1, w2, w3 = draw_words(key, stream, int(shape_size(shape)))  # type: ignore[arg-type]  # static when run
    wide = DType.F64 if dtype is DType.F64 else DType.F32
    radius_words, angle_words = ((w0, w1), (w2, w3)) if dtype is DType.F64 else ((w0, w0), (w1, w1))
    above_zero = 1 - _fraction(radius_words, wide)  # in (0, 1], so that the logarithm is finite
    angle = _fraction(angle_words, wide) * np.asarray(2 * np.pi, above_zero.dtype)
    return (np.sqrt(-2 * np.log(above_zero)) * np.cos(angle)).astype(dtype.numpy_name).reshape(shape)


_DRAW_ATTRS = {"shape": ..., "dtype": DType.F32, "stream": ...}

REGISTRY.add(
    OpDef(
        "fold_in",
        ("key", "data"),
        _infer_fold_in,
        "A new key from a key and an integer, such as the number of a step.",
        reference=_fold_in,
        traits=frozenset({"nondiff"}),
        samples=(Sample(((2,), ()), domain="int", dtypes=("i64", "i64")),),
    )
)
REGISTRY.add(
    OpDef(
        "random_uniform",
        ("key",),
        _infer_draw("random_uniform"),
        "Independent draws, uniform in [0, 1).",
        reference=_uniform,
        attrs=_DRAW_ATTRS,
        traits=frozenset({"nondiff"}),
        samples=(
            Sample(((2,),), {"shape": (3, 4), "dtype": DType.F32, "stream": 7}, dtypes=("i64",)),
            Sample(((2,),), {"shape": (3,), "dtype": DType.F64, "stream": 1}, dtypes=("i64",)),
        ),
    )
)
REGISTRY.add(
    OpDef(
        "random_normal",
        ("key",),
        _infer_draw("random_normal"),
        "Independent draws from the normal distribution with mean 0 and variance 1: "
        "sqrt(-2 ln u) * cos(2 pi v), the Box-Muller transform of two uniform numbers.",
        reference=_normal,
        attrs=_DRAW_ATTRS,
        traits=frozenset({"nondiff"}),
        samples=(
            Sample(((2,),), {"shape": (3, 4), "dtype": DType.F32, "stream": 7}, dtypes=("i64",)),
            Sample(((2,),), {"shape": (3,), "dtype": DType.F64, "stream": 1}, dtypes=("i64",)),
        ),
    )
)
