"""Element types of tensors: their names in specs, their sizes in bytes and how two of them combine."""

from __future__ import annotations

from enum import Enum


class DType(Enum):
    """An element type; the value is its name in a spec."""

    F64 = "f64"
    F32 = "f32"
    F16 = "f16"
    BF16 = "bf16"
    I64 = "i64"
    I32 = "i32"
    U8 = "u8"
    BOOL = "bool"

    @property
    def is_float(self) -> bool:
        return self in _FLOATS

    @property
    def is_int(self) -> bool:
        return self in _INTS

    @property
    def is_half(self) -> bool:
        """Whether values are stored in two bytes and computed in float32."""
        return self in _HALVES

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return _ITEMSIZE[self]

    @property
    def numpy_name(self) -> str:
        """NumPy's name of arrays of the type; bfloat16 has none: its values lie in float32, rounded."""
        return _NUMPY_NAME[self]

    def __str__(self) -> str:
        return self.value

    def __repr__(self) -> str:
        return f"DType.{self.name}"


_FLOATS = frozenset({DType.F64, DType.F32, DType.F16, DType.BF16})
_HALVES = frozenset({DType.F16, DType.BF16})
_INTS = frozenset({DType.I64, DType.I32, DType.U8})
_ITEMSIZE = {
    DType.F64: 8,
    DType.F32: 4,
    DType.F16: 2,
    DType.BF16: 2,
    DType.I64: 8,
    DType.I32: 4,
    DType.U8: 1,
    DType.BOOL: 1,
}
_NUMPY_NAME = {
    DType.F64: "float64",
    DType.F32: "float32",
    DType.F16: "float16",
    DType.BF16: "float32",
    DType.I64: "int64",
    DType.I32: "int32",
    DType.U8: "uint8",
    DType.BOOL: "bool",
}
