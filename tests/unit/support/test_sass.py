"""The limits on machine code are found to be broken where a kernel breaks them."""

from collections import Counter

import pytest

from support.cuda_parts import needs_disassembler
from support.sass import Code, assert_limits, broken_limits, read_code
from treadle.backends.numba_cuda.kernel import KernelSource

GOOD = """
def kernel(x, y, n):
    i = int32(cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x)
    if i < n:
        v = load4(x, int32(i * 4))
        store4(y, int32(i * 4), v[0], v[1], v[2], v[3])
"""
UNTYPED = GOOD.replace("v[0],", "v[0] * 1.1,")
LOCAL = """
def kernel(x, y, n):
    own = cuda.local.array(64, float32)
    for i in range(int32(64)):
        own[int32(x[i])] = x[i + 1]
    y[0] = own[n]
"""


def compiled(text: str) -> tuple[KernelSource, Code]:
    from treadle.backends.numba_cuda.compile import compile_cubin  # noqa: PLC0415 - imports numba-cuda

    source = KernelSource("test", text, ("f32*", "f32*", "i32"), 256)
    return source, read_code(compile_cubin(source, "sm_80"))


@needs_disassembler
def test_a_copy_by_vectors_holds_the_limits() -> None:
    source, code = compiled(GOOD)
    assert_limits(source, code, "LDG.E.128", "STG.E.128")
    with pytest.raises(AssertionError, match="no HMMA"):
        assert_limits(source, code, "HMMA")


@needs_disassembler
@pytest.mark.parametrize(("text", "reason"), [(UNTYPED, "float64 instructions"), (LOCAL, "local memory")])
def test_broken_limits_are_named(text: str, reason: str) -> None:
    assert any(reason in what for what in broken_limits(*compiled(text)))


def test_each_limit() -> None:
    source = KernelSource("test", "", (), 1024, blocks=2)
    code = Code(64, 8, 50_000, 4, Counter({"LDL.LU": 1, "CALL.ABS.NOINC": 1, "LD.E": 1, "DFMA": 1}))
    assert len(broken_limits(source, code)) == 8
    assert not broken_limits(source, Code(32, 0, 0, 0, Counter({"LDG.E": 1, "LDS": 1})))
