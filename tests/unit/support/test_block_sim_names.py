"""The simulator's scalar functions and draws are the reference's, and no name of the dialect is missing."""

import math
from importlib import import_module

import numpy as np
import pytest

from support.block_sim import mathematics, randoms
from support.block_sim.dialect import NAMES
from support.cuda_parts import needs_cuda_compiler
from treadle.ops import REGISTRY
from treadle.types import DType

KEY = np.array([123456789012345, -9876543210])


@pytest.mark.parametrize("kind", ["uniform", "normal"])
@pytest.mark.parametrize("dtype", [DType.F32, DType.F64])
def test_draws_equal_the_reference(kind: str, dtype: DType) -> None:
    reference = REGISTRY[f"random_{kind}"].reference(KEY, shape=(50,), dtype=dtype, stream=7)
    one = NAMES[f"random_{kind}_{dtype}"]
    drawn = np.array([one(*KEY, 7, element) for element in range(50)])
    assert drawn.dtype == reference.dtype
    assert np.allclose(drawn, reference, rtol=1e-6 if dtype is DType.F32 else 1e-14, atol=0)


def test_a_folded_key_equals_the_reference() -> None:
    reference = REGISTRY["fold_in"].reference(KEY, np.array(99))
    assert [randoms.fold_in(*KEY, 99, half) for half in range(2)] == list(reference)


@pytest.mark.parametrize("number", [np.float32, np.float64])
@pytest.mark.parametrize("value", [-100.0, -1.5, 0.0, 0.25, 3.0, 90.0])
def test_formulas_keep_the_type(number: type, value: float) -> None:
    x = number(value)
    expected = {
        mathematics.sigmoid: 0.0 if value < -90 else 1 / (1 + math.exp(-value)),
        mathematics.softplus: max(value, 0) + math.log1p(math.exp(-abs(value))),
        mathematics.erf: math.erf(value),
    }
    for function, result in expected.items():
        assert type(function(x)) is number
        assert math.isclose(function(x), result, rel_tol=1e-6, abs_tol=1e-38)


def test_bfloat16_rounds_to_nearest_even() -> None:
    up, even, odd = (np.uint32(bits).view(np.float32) for bits in (0x3F80C000, 0x3F808000, 0x3F818000))
    assert [mathematics.f32_to_bf16(x) for x in (up, even, odd)] == [0x3F81, 0x3F80, 0x3F82]
    assert mathematics.bf16_to_f32(np.uint16(0x3F80)) == np.float32(1)
    assert np.isnan(mathematics.bf16_to_f32(mathematics.f32_to_bf16(np.float32(math.nan))))


def test_quotient_takes_a_negative_magic_number() -> None:
    assert mathematics.quotient(np.int32(2**31 - 1), np.int32(-(2**31)), np.int32(32)) == 2**30 - 1


@needs_cuda_compiler
@pytest.mark.parametrize("module", ["dialect", "dialect_mma"])
def test_it_has_every_name_that_the_compiler_offers_to_kernels(module: str) -> None:
    offered = import_module(f"treadle.backends.numba_cuda.{module}").__all__
    assert set(offered) <= set(NAMES)
