"""Element types as the templates see them: how they lie in memory and in what type is computed.

Input: a `DType`. Output: an `Element`. Half-precision elements are 16-bit words in memory; all arithmetic on
them is in float32.
"""

from __future__ import annotations

from dataclasses import dataclass

from treadle.types import DType


@dataclass(frozen=True)
class Element:
    """An element type.

    Attributes:
        pointer: the type of a pointer's target, as in a kernel's parameters.
        math: the type of registers and shared memory.
        width: elements of `math` in a 128-bit access; also the side of the squares of a thread's tile.
        read, write: functions between memory and `math`; empty if they are the same.
    """

    pointer: str
    math: str
    width: int
    read: str = ""
    write: str = ""

    @property
    def is_direct(self) -> bool:
        """Whether memory holds the type that is computed with."""
        return not self.read

    @property
    def zero(self) -> str:
        return f"{self.math}(0.0)"

    @property
    def bytes(self) -> int:
        """Bytes of one element of `math`."""
        return 16 // self.width

    def load(self, pointer: str, index: str) -> str:
        """The text of a read."""
        return self.converted(f"{pointer}[{index}]")

    def converted(self, value: str) -> str:
        """The text of a value that was read, in the type that is computed with."""
        return f"{self.read}({value})" if self.read else value

    def stored(self, value: str) -> str:
        """The text of a value as it goes to memory."""
        return f"{self.write}({value})" if self.write else value


F32 = Element("f32", "float32", 4)

_ELEMENTS = {
    DType.F32: F32,
    DType.F64: Element("f64", "float64", 2),
    DType.BF16: Element("u16", "float32", 4, "bf16_to_f32", "f32_to_bf16"),
    DType.F16: Element("u16", "float32", 4, "f16_to_f32", "f32_to_f16"),
}


def element(dtype: DType) -> Element:
    """The element of a type.

    Raises:
        TypeError: for integers and booleans, of which there are no products.
    """
    if dtype not in _ELEMENTS:
        raise TypeError(f"products do not compute with {dtype}")
    return _ELEMENTS[dtype]
