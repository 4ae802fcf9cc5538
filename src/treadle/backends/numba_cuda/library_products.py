"""Which matrix products go to the library of the GPU's maker, and as what steps.

Input: a `MatmulCall` and how the library shall be used. Output: `Steps` with a `Product`, or none: then own
kernels do it. A sum with one bias for each column is a part of the product; any other epilogue runs as a
launch of its own on sums kept in scratch. Rectifiers are such, too: the library does not say what it makes
of NaN. Non-goals: descriptors (`cublas_fields.py`).
"""

from __future__ import annotations

import os
from enum import StrEnum
from math import prod

from treadle.backends.numba_cuda import presence
from treadle.backends.numba_cuda.kernel import Panel, Pointer, Product, Steps
from treadle.backends.numba_cuda.templates.combine import combine_launch
from treadle.backends.numba_cuda.templates.elements import element
from treadle.backends.numba_cuda.templates.places import LARGEST, gemm_tail
from treadle.errors import fail
from treadle.loops import Call as FunctionCall
from treadle.loops import Expr, Var
from treadle.lower.arena import aligned
from treadle.lower.plan import Call, EpilogueOperand, MatmulCall
from treadle.lower.products import VALUE
from treadle.lower.storage import Storage
from treadle.types import DType

VARIABLE = "TREADLE_CUBLAS"
LARGE = 1 << 31
"""Operations from which on a product is large: some ten microseconds of a large GPU."""
SMALLEST = 128
"""Sizes below this are no more than a tile of the library's kernels."""
DEEP = 1024
"""Terms from which on a second launch for the epilogue costs little."""
WORKSPACE = 32 << 20
"""What NVIDIA recommends for GPUs of compute capability 9.0."""
_ALIGNMENT = 256


class Use(StrEnum):
    """How the library is used: not at all, for large products, for all that it can do."""

    OFF = "off"
    AUTO = "auto"
    ON = "on"


def wanted_use() -> Use:
    """What the environment asks for, and the installed packages allow.

    Raises:
        TreadleError: E1003 for another word, E1014 when the library is asked for and absent.
    """
    word = os.environ.get(VARIABLE, Use.AUTO)
    if word not in Use.__members__.values():
        fail("E1003", f"{VARIABLE} is {word!r}", hint=f"one of {', '.join(Use)}")
    if word != Use.OFF and presence.cublas_version() is None:
        if word == Use.ON:
            what = f"{VARIABLE} is on, and {presence.CUBLAS} is not installed"
            fail("E1014", what, hint=f"try: {presence.INSTALL_CUBLAS}")
        return Use.OFF
    return Use(word)


def library_steps(call: Call, use: Use) -> Steps | None:
    """The steps of a call that goes to the library; None for all others."""
    if use is Use.OFF or not isinstance(call, MatmulCall) or call.dtype not in _RESULTS:
        return None
    a, b, c = _panel(call.a, "a"), _panel(call.b, "b"), _panel(call.c, "c")
    if a is None or b is None or c is None or c.transposed or not _multiply_adds(call):
        return None
    bias = _bias(call)
    is_whole = not call.epilogue.results or bias is not None
    if use is Use.AUTO and not _is_worth_it(call, is_whole):
        return None
    if not is_whole and prod(call.c.shape) > LARGEST:
        return None
    return _whole(call, a, b, c, bias) if is_whole else _in_two(call, a, b)


_RESULTS = {DType.F32: DType.F32, DType.F64: DType.F64, DType.BF16: DType.F32, DType.F16: DType.F32}
"""The type of sums that wait for their epilogue."""


def _is_worth_it(call: MatmulCall, is_whole: bool) -> bool:
    (_, m, n), k = call.c.shape, call.a.shape[-1]
    is_large = 2 * _multiply_adds(call) >= LARGE and min(m, n, k) >= SMALLEST
    return is_large and (is_whole or k >= DEEP)


def _multiply_adds(call: MatmulCall) -> int:
    return prod(call.c.shape) * call.a.shape[-1]


def _whole(call: MatmulCall, a: Panel, b: Panel, c: Panel, bias: EpilogueOperand | None) -> Steps:
    """The library does it all."""
    batch, m, n = call.c.shape
    sizes = batch, m, n, call.a.shape[-1]
    pointer = None if bias is None else Pointer(bias.name)
    product = Product(call.dtype, call.dtype, *sizes, a, b, c, Pointer("scratch"), WORKSPACE, pointer)
    return Steps((product,), WORKSPACE)


def _in_two(call: MatmulCall, a: Panel, b: Panel) -> Steps:
    """The sums wait in scratch for the launch that does the epilogue; the workspace lies behind them."""
    batch, m, n = call.c.shape
    sums = Panel(Pointer("scratch"), n, m * n if batch > 1 else 0)
    size = aligned(batch * m * n * element(call.dtype).bytes, _ALIGNMENT)
    sizes, result = (batch, m, n, call.a.shape[-1]), _RESULTS[call.dtype]
    product = Product(call.dtype, result, *sizes, a, b, sums, Pointer("scratch", size), WORKSPACE)
    after = combine_launch(element(call.dtype), batch, m, n, 1, gemm_tail(call))
    return Steps((product, after), size + WORKSPACE)


def _panel(storage: Storage, role: str) -> Panel | None:
    """An operand in lines; None if its elements lie otherwise."""
    if len(storage.shape) > 3:  # two batch axes
        return None
    (batch, *sizes), (batch_stride, *strides) = storage.shape, storage.strides
    between = batch_stride if batch > 1 else 0
    for line, along in ((0, 1), (1, 0)):
        stride = strides[line] if sizes[line] > 1 else sizes[along]
        if (strides[along] == 1 or sizes[along] == 1) and stride >= sizes[along] and between >= 0:
            return Panel(Pointer(role), stride, between, transposed=line == 1)
    return None


def _bias(call: MatmulCall) -> EpilogueOperand | None:
    """The operand of an epilogue that adds an element for each column and does nothing else."""
    work = call.epilogue
    if len(work.results) != 1 or len(work.operands) != 1:
        return None
    (operand,) = work.operands
    batch, moves = call.c.shape[0], operand.storage.strides[0]
    if operand.kind != "column" or (batch > 1 and moves):
        return None
    named: dict[str, Expr] = {let.name: let.value for let in work.lets}
    (result,) = work.results
    while isinstance(result, Var) and result.name in named:
        result = named[result.name]
    if not isinstance(result, FunctionCall) or result.function != "add":
        return None
    names = {part.name for part in result.operands if isinstance(part, Var)}
    return operand if names == {VALUE, operand.name} else None
