"""Templates compiled without a GPU: no spills, wide accesses, the instructions that each kind lives from.

The tiles are those in use; `blocks` of a `KernelSource` bounds the registers, so that occupancy is as
intended."""

from __future__ import annotations

import pytest

from support.cuda_parts import needs_cuda_compiler, needs_disassembler
from support.products import ConvCase, Workbench, conv_call, matmul_call
from support.sass import Code, assert_limits, read_code
from treadle.backends.numba_cuda.kernel import KernelSource
from treadle.backends.numba_cuda.templates import conv_steps
from treadle.backends.numba_cuda.templates.gemm import tiled_steps
from treadle.backends.numba_cuda.templates.tiles import LARGE, LARGE_WARPS, MEDIUM, SMALL, Tile, WarpTile
from treadle.types import DType

pytestmark = [needs_cuda_compiler, needs_disassembler]


def compiled(source: KernelSource, target: str) -> Code:
    """What a kernel became."""
    from treadle.backends.numba_cuda.compile import compile_cubin  # noqa: PLC0415 - imports numba-cuda

    return read_code(compile_cubin(source, target))


def gemm(tile: Tile | WarpTile, dtype: DType = DType.F32, flipped: str = "") -> KernelSource:
    """The kernel of an aligned product."""
    return tiled_steps(matmul_call(Workbench(dtype), (1, 128, 128, 64), flipped), tile).sources()[0]


@pytest.mark.parametrize("target", ["sm_80", "sm_90a"])
def test_large_tile(target: str) -> None:
    """16 multiply-adds for each 128-bit read of shared memory, 128-bit accesses to memory, two blocks
    resident."""
    source = gemm(LARGE)
    code = compiled(source, target)
    assert_limits(source, code, "LDG.E.128", "STG.E.128", "LDS.128", "STS.128")
    reads_of_the_loop = code.count("FFMA") // 16
    assert reads_of_the_loop <= code.count("LDS.128") <= reads_of_the_loop + 16
    assert code.registers <= 128


@pytest.mark.parametrize("tile", [MEDIUM, SMALL])
def test_smaller_tiles(tile: Tile) -> None:
    """The tiles for smaller results, with operands in the other order."""
    source = gemm(tile, flipped="ab")
    code = compiled(source, "sm_90a")
    assert_limits(source, code, "LDG.E.128", "STG.E.128", "LDS.128", "FFMA")


@pytest.mark.parametrize("target", ["sm_80", "sm_90a"])
def test_tensor_cores(target: str) -> None:
    """Asynchronous copies of 16 bytes that fill up with zeros, plain and transposed matrix loads,
    products."""
    source = gemm(LARGE_WARPS, DType.BF16)
    code = compiled(source, target)
    assert_limits(source, code, "LDGSTS.128.ZFILL", "LDSM.M88", "LDSM.MT88", "HMMA.16816.F32.BF16")
    assert code.count("HMMA") >= 2.5 * code.count("LDSM")


@pytest.mark.parametrize("op", ["conv", "conv_input_grad", "conv_filter_grad"])
def test_convolutions(op: str) -> None:
    """Gathered products keep to the limits of their tile."""
    call = conv_call(Workbench(), op, ConvCase((2, 8, 8, 8), (8, 8, 3, 3), (1, 1), ((1, 1), (1, 1))))
    [source] = conv_steps(call, MEDIUM).sources()[:1]
    assert_limits(source, compiled(source, "sm_90a"), "LDS.128", "FFMA", "STG.E.128")
