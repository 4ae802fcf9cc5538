"""What cuBLASLt is told of a product: by its own rules for matrices in columns, and by the library itself."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from support.cuda_parts import needs_cublas
from support.products import Workbench, matmul_call, product
from treadle.backends.numba_cuda import cublas
from treadle.backends.numba_cuda.cublas_fields import EPILOGUE_BIAS, TYPES, Layout, fields_of
from treadle.backends.numba_cuda.kernel import Panel, Pointer, Product
from treadle.backends.numba_cuda.library_products import Use, library_steps
from treadle.errors import TreadleError
from treadle.types import DType

ADDRESSES = (4096, 8192 + 16, 16384, 32768, 65536 + 4)


def in_columns(layout: Layout) -> np.ndarray:
    """The element number of each element, as cuBLASLt counts: columns are `stride` apart."""
    matrix = np.arange(layout.rows)[:, None] + np.arange(layout.columns) * layout.stride
    return np.arange(layout.batch)[:, None, None] * layout.batch_stride + matrix


def by_library(prod: Product, a: np.ndarray, b: np.ndarray, size: int) -> np.ndarray:
    """The memory of the result after what the header says that `cublasLtMatmul` does."""
    fields, c = fields_of(prod), np.zeros(size)
    left, right = b[in_columns(fields.left)], a[in_columns(fields.right)]
    left = left.swapaxes(1, 2) if fields.left_transposed else left
    right = right.swapaxes(1, 2) if fields.right_transposed else right
    c[in_columns(fields.result)] = left @ right
    return c


@pytest.mark.parametrize("flipped", ["", "a", "b", "ab"])
@pytest.mark.parametrize("sizes", [(3, 4, 5, 6), (1, 1, 5, 6), (2, 4, 1, 6), (2, 4, 5, 1)])
def test_operands_trade_places(sizes: tuple[int, int, int, int], flipped: str) -> None:
    """The transpose of the result, in columns, is the result in rows."""
    bench = Workbench(DType.F64)
    call = matmul_call(bench, sizes, flipped, c_pad=2)
    steps = library_steps(call, Use.ON)
    assert steps is not None
    (step,) = steps.steps
    assert isinstance(step, Product)
    values = [bench.values[storage.buffer] for storage in (call.a, call.b)]
    found = by_library(step, *values, sizes[0] * sizes[1] * (sizes[2] + 2))
    found = found.reshape(sizes[0], sizes[1], -1)
    np.testing.assert_allclose(found[..., : sizes[2]], product(bench, call), rtol=1e-12)
    assert not found[..., sizes[2] :].any()


def sample(dtype: DType = DType.BF16, result: DType = DType.F32, *, bias: bool = True) -> Product:
    """A product of a batch of 3 with the right operand transposed."""
    panels = Panel(Pointer("a"), 40, 400), Panel(Pointer("b"), 48, 0, True), Panel(Pointer("c"), 20, 200)
    return Product(
        dtype, result, 3, 10, 20, 40, *panels, Pointer("scratch"), 1024, Pointer("e0") if bias else None
    )


@pytest.mark.parametrize(
    ("dtype", "compute", "scale"),
    [(DType.F32, 68, 0), (DType.BF16, 68, 0), (DType.F16, 68, 0), (DType.F64, 70, 1)],
)
def test_sums_are_exact_for_their_type(dtype: DType, compute: int, scale: int) -> None:
    """float32 without TF32; halves are summed in float32."""
    fields = fields_of(sample(dtype))
    assert (fields.compute, fields.scale) == (compute, scale)
    assert (fields.left.type, fields.result.type) == (TYPES[dtype], TYPES[DType.F32])
    assert fields.epilogue == EPILOGUE_BIAS


class Calls:
    """Stands for the loaded library: all functions succeed, and are noted."""

    def __init__(self, found: int = 1, status: int = 0) -> None:
        self.noted: list[tuple[str, tuple]] = []
        self._found, self._status = found, status

    def __getattr__(self, name: str):
        if name == "cublasLtGetStatusString":
            return lambda status: f"status {status}".encode()

        def function(*arguments):
            self.noted.append((name, arguments))
            if name == "cublasLtMatmulAlgoGetHeuristic":
                arguments[-1]._obj.value = self._found
            return self._status

        return function

    def named(self, name: str) -> list[tuple]:
        return [arguments for called, arguments in self.noted if called == name]


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch):
    """Makes a library of stand-in calls."""

    def make(**options):
        calls = Calls(**options)
        monkeypatch.setattr(ctypes, "CDLL", lambda _path: calls)
        return cublas.Library("libcublasLt.so"), calls

    return make


def test_a_product_is_one_call(library) -> None:
    """Operands trade places, the result is c twice, the workspace and the stream are those given."""
    made, calls = library()
    made.multiply(sample(), ADDRESSES, 77)
    (arguments,) = calls.named("cublasLtMatmul")
    a, b, c, workspace, _ = ADDRESSES
    assert [arguments[i].value for i in (3, 5, 8, 10)] == [b, a, c, c]
    assert [arguments[2]._obj.value, arguments[7]._obj.value] == [1.0, 0.0]
    assert [argument.value for argument in arguments[13:]] == [workspace, 1024, 77]


def test_the_bias_is_that_of_the_call(library) -> None:
    """Descriptors are kept; the address of the bias is set before each product."""
    made, calls = library()
    for bias in (65540, 131072):
        made.multiply(sample(), (*ADDRESSES[:4], bias), 1)
    biases = [a[2]._obj.value for a in calls.named("cublasLtMatmulDescSetAttribute") if a[1] == 8]
    assert biases == [65540, 131072]
    assert len(calls.named("cublasLtMatmulDescCreate")) == 1


def test_the_library_chooses_once_for_each_alignment(library) -> None:
    """So that a product has the same bits each time; it hears what addresses are multiples of."""
    made, calls = library()
    for a in (4096, 8192, 4096 + 4):
        made.multiply(sample(bias=False), (a, *ADDRESSES[1:4]), 1)
    assert len(calls.named("cublasLtMatmulAlgoGetHeuristic")) == 2
    told = [(x[1], x[2]._obj.value) for x in calls.named("cublasLtMatmulPreferenceSetAttribute")]
    one = [(1, 1024), (3, 6), (5, 16), (6, 256), (7, 256), (8, 256)]
    assert told == [*one, *[(key, 4 if key == 6 else value) for key, value in one]]


@pytest.mark.parametrize(("options", "text"), [({"status": 7}, "status 7"), ({"found": 0}, "no kernel")])
def test_failures_are_diagnostics(library, options, text) -> None:
    """With the way to go on without the library."""
    made, _ = library(**options)
    with pytest.raises(TreadleError) as caught:
        made.multiply(sample(), ADDRESSES, 1)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E1016"
    assert text in diagnostic.message
    assert "TREADLE_CUBLAS=off" in diagnostic.hint


@needs_cublas
def test_the_library_understands_its_descriptors() -> None:
    """The real library needs no GPU to make descriptors; it says what it was told."""
    library = cublas.Library()
    prepared = library.prepare(sample())
    layouts = [(prepared.left, (14, 40, 20, 48, 3, 0)), (prepared.result, (0, 20, 10, 20, 3, 200))]
    for layout, want in layouts:
        kinds = zip((0, 2, 3, 4, 5, 6), "uQQqiq", strict=True)
        assert tuple(told(library, "MatrixLayout", layout, *kind) for kind in kinds) == want
    kinds = zip((0, 1, 3, 4, 7), "iiiiu", strict=True)
    assert [told(library, "MatmulDesc", prepared.operation, *kind) for kind in kinds] == [68, 0, 1, 0, 4]
    library._preference(sample(), (16, 16, 16, 16))


def told(library: cublas.Library, kind: str, thing: ctypes.c_void_p, attribute: int, letter: str) -> int:
    """An attribute of a descriptor."""
    types = {"i": ctypes.c_int32, "u": ctypes.c_uint32, "q": ctypes.c_int64, "Q": ctypes.c_uint64}
    value, size = types[letter](), ctypes.c_size_t()
    place = ctypes.byref(value), ctypes.c_size_t(ctypes.sizeof(value)), ctypes.byref(size)
    library.call(f"cublasLt{kind}GetAttribute", thing, attribute, *place)
    return value.value
