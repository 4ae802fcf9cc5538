"""cuBLASLt, called through its C interface.

Input: products and addresses. Output: work on a stream. The library's choice of a kernel for a product is
asked once and kept, so that a product gives the same bits each time. Nothing is allocated on the device:
the workspace comes with the product, so that calls can be captured. Non-goals: which products come here
(`library_products.py`). Source: the header `cublasLt.h` of CUDA 13.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from treadle.backends.numba_cuda.cublas_fields import Fields, Layout, fields_of
from treadle.backends.numba_cuda.kernel import Product
from treadle.errors import fail
from treadle.types import DType

_BATCH_COUNT, _BATCH_STRIDE = 5, 6  # of cublasLtMatrixLayoutAttribute_t
_TRANSPOSE_LEFT, _TRANSPOSE_RIGHT, _EPILOGUE, _BIAS = 3, 4, 7, 8  # of cublasLtMatmulDescAttributes_t
_WORKSPACE, _REDUCTIONS, _ALIGNMENTS = 1, 3, (5, 6, 7, 8)  # of cublasLtMatmulPreferenceAttributes_t
_IN_ORDER = 2 | 4  # reductions through the workspace, not by blocks that race for the result
_MOST_ALIGNMENT = 256
_WITHOUT = "try: TREADLE_CUBLAS=off"


class _Choice(ctypes.Structure):
    """`cublasLtMatmulHeuristicResult_t`."""

    _fields_ = [
        ("algorithm", ctypes.c_uint64 * 8),
        ("workspace", ctypes.c_size_t),
        ("state", ctypes.c_int),
        ("waves", ctypes.c_float),
        ("reserved", ctypes.c_int * 4),
    ]


@dataclass(frozen=True)
class Prepared:
    """A product's descriptors."""

    operation: ctypes.c_void_p
    left: ctypes.c_void_p
    right: ctypes.c_void_p
    result: ctypes.c_void_p


class Library:
    """The loaded library. Descriptors live as long as the process, like the kernels of a program."""

    def __init__(self, path: str | None = None) -> None:
        """Loads the library from a path, or from where its package is.

        Raises:
            TreadleError: E1014 when there is none.
        """
        self._library = ctypes.CDLL(path or _find())
        self._prepared: dict[Product, Prepared] = {}
        self._choices: dict[tuple[Product, tuple[int, ...]], _Choice] = {}

    def multiply(self, product: Product, addresses: tuple[int, ...], stream: int) -> None:
        """Puts a product on a stream; `addresses` are those of its `args`.

        Raises:
            TreadleError: E1016 when the library refuses.
        """
        a, b, c, workspace = addresses[:4]
        prepared = self.prepare(product)
        if product.bias is not None:
            self._set("MatmulDesc", prepared.operation, _BIAS, ctypes.c_void_p(addresses[4]))
        choice = self._choose(product, prepared, (b, a, c, c))
        one, zero = _scalar(product, 1.0), _scalar(product, 0.0)
        left, right, result = ctypes.c_void_p(b), ctypes.c_void_p(a), ctypes.c_void_p(c)
        self.call(
            "cublasLtMatmul", self._handle, prepared.operation,
            ctypes.byref(one), left, prepared.left, right, prepared.right,
            ctypes.byref(zero), result, prepared.result, result, prepared.result,
            ctypes.byref(choice), ctypes.c_void_p(workspace), ctypes.c_size_t(product.workspace_bytes),
            ctypes.c_void_p(stream),
        )  # fmt: skip

    def prepare(self, product: Product) -> Prepared:
        """The descriptors of a product; needs no GPU."""
        if product not in self._prepared:
            fields = fields_of(product)
            layouts = [self._layout(layout) for layout in (fields.left, fields.right, fields.result)]
            self._prepared[product] = Prepared(self._operation(fields), *layouts)
        return self._prepared[product]

    def call(self, name: str, *arguments: Any) -> None:
        """Calls a function of the library.

        Raises:
            TreadleError: E1016 when it fails.
        """
        if status := getattr(self._library, name)(*arguments):
            explain = self._library.cublasLtGetStatusString
            explain.restype = ctypes.c_char_p
            fail("E1016", f"{name} failed: {explain(status).decode()}", hint=_WITHOUT)

    @cached_property
    def _handle(self) -> ctypes.c_void_p:
        handle = ctypes.c_void_p()
        self.call("cublasLtCreate", ctypes.byref(handle))
        return handle

    def _operation(self, fields: Fields) -> ctypes.c_void_p:
        made = ctypes.c_void_p()
        self.call("cublasLtMatmulDescCreate", ctypes.byref(made), fields.compute, fields.scale)
        self._set("MatmulDesc", made, _TRANSPOSE_LEFT, ctypes.c_int32(fields.left_transposed))
        self._set("MatmulDesc", made, _TRANSPOSE_RIGHT, ctypes.c_int32(fields.right_transposed))
        self._set("MatmulDesc", made, _EPILOGUE, ctypes.c_uint32(fields.epilogue))
        return made

    def _layout(self, layout: Layout) -> ctypes.c_void_p:
        made = ctypes.c_void_p()
        sizes = ctypes.c_uint64(layout.rows), ctypes.c_uint64(layout.columns), ctypes.c_int64(layout.stride)
        self.call("cublasLtMatrixLayoutCreate", ctypes.byref(made), layout.type, *sizes)
        self._set("MatrixLayout", made, _BATCH_COUNT, ctypes.c_int32(layout.batch))
        self._set("MatrixLayout", made, _BATCH_STRIDE, ctypes.c_int64(layout.batch_stride))
        return made

    def _choose(self, product: Product, prepared: Prepared, addresses: tuple[int, ...]) -> _Choice:
        """The kernel for a product whose operands and result are aligned like these addresses."""
        key = product, tuple(min(address & -address, _MOST_ALIGNMENT) for address in addresses)
        if key not in self._choices:
            self._choices[key] = self._asked(prepared, self._preference(product, key[1]))
        return self._choices[key]

    def _asked(self, prepared: Prepared, preference: ctypes.c_void_p) -> _Choice:
        choice, found = _Choice(), ctypes.c_int()
        layouts = prepared.left, prepared.right, prepared.result, prepared.result
        self.call(
            "cublasLtMatmulAlgoGetHeuristic", self._handle, prepared.operation, *layouts, preference,
            1, ctypes.byref(choice), ctypes.byref(found),
        )  # fmt: skip
        if not found.value:
            fail("E1016", "cuBLASLt has no kernel for a product", hint=_WITHOUT)
        return choice

    def _preference(self, product: Product, alignments: tuple[int, ...]) -> ctypes.c_void_p:
        made = ctypes.c_void_p()
        self.call("cublasLtMatmulPreferenceCreate", ctypes.byref(made))
        self._set("MatmulPreference", made, _WORKSPACE, ctypes.c_uint64(product.workspace_bytes))
        self._set("MatmulPreference", made, _REDUCTIONS, ctypes.c_uint32(_IN_ORDER))
        for attribute, alignment in zip(_ALIGNMENTS, alignments, strict=True):
            self._set("MatmulPreference", made, attribute, ctypes.c_uint32(alignment))
        return made

    def _set(self, kind: str, thing: ctypes.c_void_p, attribute: int, value: Any) -> None:
        size = ctypes.c_size_t(ctypes.sizeof(value))
        self.call(f"cublasLt{kind}SetAttribute", thing, attribute, ctypes.byref(value), size)


def _find() -> str:
    """Where the library lies: in its package, or where the machine has it."""
    from cuda.pathfinder import DynamicLibNotFoundError, load_nvidia_dynamic_lib  # noqa: PLC0415 - part of the extra

    try:
        return str(load_nvidia_dynamic_lib("cublasLt").abs_path)
    except DynamicLibNotFoundError as error:
        fail("E1014", f"cuBLASLt cannot be loaded: {error}", hint="try: pip install 'treadle[cublas]'")


def _scalar(product: Product, value: float) -> ctypes.c_float | ctypes.c_double:
    double = product.dtype is DType.F64
    return ctypes.c_double(value) if double else ctypes.c_float(value)
