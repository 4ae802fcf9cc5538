"""Epilogues run on every element of a product, with every kind of operand and several results."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from support.products import ConvCase, Workbench, conv_call, conv_value, matmul_call, operand, product, roles
from treadle.backends.numba_cuda.templates import conv_steps
from treadle.backends.numba_cuda.templates.gemm import tiled_steps
from treadle.backends.numba_cuda.templates.tiles import Tile, WarpTile
from treadle.loops import Call, Const, Expr, Let, Var
from treadle.lower.plan import ConvCall, Epilogue, EpilogueOperand, MatmulCall
from treadle.types import DType

TINY = Tile(16, 32, 8, 4, 4)
TINY_WARPS = WarpTile(1, 1, 1, 2)
KINDS = ("scalar", "row", "column", "full")
Sizes = tuple[int, int, int]


def relu_of_sum(dtype: DType, names: tuple[str, ...]) -> tuple[tuple[Let, ...], tuple[Expr, ...]]:
    """total = value + every operand; the results are relu(total) and total * 0.5."""
    total: Expr = Var("value", dtype)
    for name in names:
        total = Call("add", (total, Var(name, dtype)), dtype)
    kept = Var("total", dtype)
    relu = Call("maximum", (kept, Const(0.0, dtype)), dtype)
    return (Let("total", total),), (relu, Call("mul", (kept, Const(0.5, dtype)), dtype))


def with_epilogue(bench: Workbench, sizes: Sizes, kinds: tuple[str, ...] = KINDS) -> Epilogue:
    """An epilogue that reads an operand of each kind and has two results."""
    operands = tuple(operand(bench, f"e_{kind}", kind, sizes) for kind in kinds)
    lets, results = relu_of_sum(bench.dtype, tuple(o.name for o in operands))
    return Epilogue(operands, lets, results, (bench.empty("more", sizes),))


def check(bench: Workbench, call: MatmulCall | ConvCall, plain: np.ndarray, tolerance: float) -> None:
    """Compares both results with NumPy."""
    total = plain + sum(bench.read(o.storage).reshape(plain.shape) for o in call.epilogue.operands)
    first = call.c if isinstance(call, MatmulCall) else call.output
    close: Callable[..., None] = np.testing.assert_allclose
    close(bench.written(first), np.maximum(total, 0), rtol=tolerance, atol=tolerance)
    [more] = call.epilogue.outputs
    close(bench.written(more).reshape(plain.shape), total * 0.5, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("sizes", [(2, 9, 13), (2, 20, 36)])
def test_matmul(sizes: Sizes, parts: int) -> None:
    """Element by element and by vectors; behind the product and behind its second stage."""
    bench = Workbench()
    call = matmul_call(bench, (*sizes, 21), epilogue=with_epilogue(bench, sizes))
    bench.run(tiled_steps(call, TINY, parts), roles(call))
    check(bench, call, product(bench, call), 1e-5)


@pytest.mark.parametrize("sizes", [(1, 9, 13), (1, 20, 36)])
def test_bfloat16_is_rounded_once(sizes: Sizes) -> None:
    """On tensor cores: the epilogue computes in float32, within half a unit of bfloat16 at the end."""
    bench = Workbench(DType.BF16)
    call = matmul_call(bench, (*sizes, 21), epilogue=with_epilogue(bench, sizes))
    bench.run(tiled_steps(call, TINY_WARPS, 1), roles(call))
    check(bench, call, product(bench, call), 2**-8)


@pytest.mark.parametrize("size", [5, 6])
def test_conv(size: int) -> None:
    """A row operand is one value for each filter, a full one lies as the result; odd and even planes."""
    bench = Workbench()
    shape = (2, 3, size, size)
    operands = (
        EpilogueOperand("bias", "row", bench.filled("bias", shape, (0, 1, 0, 0))),
        EpilogueOperand("rest", "full", bench.filled("rest", shape)),
    )
    lets, results = relu_of_sum(DType.F32, ("bias", "rest"))
    epilogue = Epilogue(operands, lets, results, (bench.empty("more", shape),))
    case = ConvCase((2, 2, size, size), (3, 2, 3, 3), (1, 1), ((1, 1), (1, 1)))
    call = conv_call(bench, "conv", case, epilogue)
    bench.run(conv_steps(call, TINY), roles(call))
    check(bench, call, conv_value(bench, call), 1e-5)


def test_functions_are_those_of_the_dialect() -> None:
    """An epilogue may call functions: here a sigmoid."""
    bench = Workbench()
    value = Var("value", DType.F32)
    epilogue = Epilogue((), (), (Call("sigmoid", (value,), DType.F32),))
    call = matmul_call(bench, (1, 9, 12, 5), epilogue=epilogue)
    bench.run(tiled_steps(call, TINY), roles(call))
    np.testing.assert_allclose(bench.written(call.c), 1 / (1 + np.exp(-product(bench, call))), rtol=1e-5)
