"""Products of the GPU maker's library: which go there, as what steps, and that they mean the same."""

from __future__ import annotations

import numpy as np
import pytest

from support.block_sim import DeviceBuffer
from support.block_sim.hazards import OutOfBounds
from support.block_sim.library import multiply
from support.products import Workbench, heads_call, matmul_call, operand, product, roles
from treadle.backends.numba_cuda import presence
from treadle.backends.numba_cuda.kernel import Product
from treadle.backends.numba_cuda.library_products import Use, library_steps, wanted_use
from treadle.errors import TreadleError
from treadle.loops import Call, Const, Let, Var
from treadle.lower.plan import Epilogue, MatmulCall
from treadle.lower.storage import Buffer, BufferKind, Storage, contiguous_strides
from treadle.types import DType

TOLERANCE = {DType.F32: 2e-6, DType.F64: 1e-13, DType.BF16: 2**-8, DType.F16: 2**-11}
Sizes = tuple[int, int, int, int]


def biased(bench: Workbench, sizes: tuple[int, int, int], *, rectified: bool = False) -> Epilogue:
    """An epilogue that adds one element for each column, and may take the positive part."""
    bias = operand(bench, "bias", "column", sizes)
    total: Call = Call("add", (Var("bias", bench.dtype), Var("value", bench.dtype)), bench.dtype)
    if rectified:
        total = Call("maximum", (total, Const(0.0, bench.dtype)), bench.dtype)
    return Epilogue((bias,), (Let("v0", total),), (Var("v0", bench.dtype),))


def check(bench: Workbench, call: MatmulCall, want: np.ndarray) -> list[str]:
    """Runs the steps and compares the result; the kinds of steps."""
    steps = library_steps(call, Use.ON)
    assert steps is not None
    bench.run(steps, roles(call))
    tolerance = TOLERANCE[bench.dtype]
    np.testing.assert_allclose(bench.written(call.c), want, rtol=tolerance, atol=20 * tolerance)
    return [type(step).__name__ for step in steps.steps]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("flipped", ["", "a", "b", "ab"])
def test_equals_numpy(dtype: DType, flipped: str) -> None:
    """Every type, every order of the operands, in a batch, with rows that are padded."""
    bench = Workbench(dtype)
    call = matmul_call(bench, (2, 5, 7, 9), flipped, c_pad=3)
    assert check(bench, call, product(bench, call)) == ["Product"]


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_a_bias_is_a_part_of_the_product(dtype: DType) -> None:
    """One step does both."""
    bench = Workbench(dtype)
    epilogue = biased(bench, (3, 5, 7))
    call = matmul_call(bench, (3, 5, 7, 9), epilogue=epilogue)
    want = product(bench, call) + bench.read(epilogue.operands[0].storage)
    assert check(bench, call, want) == ["Product"]


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_other_epilogues_are_launches(dtype: DType) -> None:
    """Sums wait in scratch, in the type that they are summed in; what is NaN stays NaN."""
    bench = Workbench(dtype)
    epilogue = biased(bench, (2, 5, 8), rectified=True)
    call = matmul_call(bench, (2, 5, 8, 9), epilogue=epilogue)
    want = np.maximum(product(bench, call) + bench.read(epilogue.operands[0].storage), 0)
    assert check(bench, call, want) == ["Product", "Launch"]


def test_repeated_operands_and_single_columns() -> None:
    """Their strides are whatever the library accepts."""
    bench = Workbench()
    a = bench.filled("a", (3, 4, 1), (0, 1, 1))
    b = bench.filled("b", (3, 1, 6))
    call = MatmulCall(a, b, bench.empty("c", (3, 4, 6)))
    assert check(bench, call, product(bench, call)) == ["Product"]


def test_what_the_library_cannot_read_stays() -> None:
    """Two batch axes, elements apart in both directions, lines that overlap, no elements at all."""
    bench = Workbench()
    apart = bench.filled("a", (1, 4, 5), (40, 10, 2))
    overlapping = bench.filled("a", (1, 4, 5), (0, 1, 1))
    b = bench.filled("b", (1, 5, 6))
    calls = [
        heads_call(bench, (2, 3, 4, 5, 6)),
        MatmulCall(apart, b, bench.empty("c", (1, 4, 6))),
        MatmulCall(overlapping, b, bench.empty("c", (1, 4, 6))),
        matmul_call(bench, (1, 4, 5, 0)),
    ]
    assert [library_steps(call, Use.ON) for call in calls] == [None] * 4


@pytest.mark.parametrize(
    ("sizes", "rectified", "chosen"),
    [
        ((1, 1024, 1024, 1024), False, True),
        ((1, 1024, 1024, 1024), True, True),
        ((1, 1024, 1024, 1023), False, False),
        ((1, 2048, 2048, 512), True, False),
        ((1, 64, 1 << 15, 1024), False, False),
    ],
)
def test_large_products_go_to_the_library(sizes: Sizes, rectified: bool, chosen: bool) -> None:
    """By operations, by the smallest size, and by depth where the epilogue is a launch of its own."""
    bench = Unfilled()
    epilogue = biased(bench, sizes[:3], rectified=rectified)
    call = matmul_call(bench, sizes, epilogue=epilogue)
    assert (library_steps(call, Use.AUTO) is not None) == chosen
    assert library_steps(call, Use.OFF) is None


@pytest.mark.parametrize("number", range(4))
def test_the_simulator_refuses_products_out_of_bounds(number: int) -> None:
    """Operands, the result and the workspace must have all that is reached."""
    steps = library_steps(matmul_call(Workbench(), (1, 4, 5, 6)), Use.ON)
    assert steps is not None
    (step,) = steps.steps
    assert isinstance(step, Product)
    sizes = [4 * 6, 6 * 5, 4 * 5, step.workspace_bytes]
    sizes[number] -= 1
    types = ["float32"] * 3 + ["uint8"]
    arrays = [np.zeros(size, dtype) for size, dtype in zip(sizes, types, strict=True)]
    with pytest.raises(OutOfBounds):
        multiply(step, [DeviceBuffer.of(array).pointer(array.dtype) for array in arrays])


@pytest.mark.parametrize(
    ("word", "version", "use"),
    [("auto", "13", Use.AUTO), ("on", "13", Use.ON), ("off", "13", Use.OFF), ("auto", None, Use.OFF)],
)
def test_the_environment_decides(word, version, use, monkeypatch) -> None:
    """Unless the library is absent."""
    monkeypatch.setenv("TREADLE_CUBLAS", word)
    monkeypatch.setattr(presence, "cublas_version", lambda: version)
    assert wanted_use() is use


@pytest.mark.parametrize(("word", "code"), [("on", "E1014"), ("fast", "E1003")])
def test_what_cannot_be_had_is_refused(word, code, monkeypatch) -> None:
    """With the words that can be said, or the command that installs."""
    monkeypatch.setenv("TREADLE_CUBLAS", word)
    monkeypatch.setattr(presence, "cublas_version", lambda: None)
    with pytest.raises(TreadleError) as caught:
        wanted_use()
    assert caught.value.diagnostics[0].code == code
    assert {"on": "treadle[cublas]", "fast": "off, auto, on"}[word] in caught.value.diagnostics[0].hint


class Unfilled(Workbench):
    """Storages without their memory."""

    def filled(self, name, shape, strides=None, offset=0):
        return self.empty(name, shape, strides, offset)

    def empty(self, name, shape, strides=None, offset=0):
        buffer = Buffer(name, self.dtype, int(np.prod(shape)), BufferKind.ARENA)
        return Storage(buffer, shape, strides or contiguous_strides(shape), offset)
