"""What a rule gets and gives: how one op is said in NumPy, one expression per node.

The two tables are in `elementwise.py` and `structure.py`; together they know every primitive op.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from treadle.interop.standalone.text import Text, call, sequence, size
from treadle.ir import Node
from treadle.types import DimLike, DType

NUMPY_TYPES = {
    DType.F64: "np.float64",
    DType.F32: "np.float32",
    DType.F16: "np.float32",
    DType.BF16: "np.float32",
    DType.I64: "np.int64",
    DType.I32: "np.int32",
    DType.U8: "np.uint8",
    DType.BOOL: "np.bool_",
}
"""Element types of arrays in exported modules; the values of short floats lie in float32, rounded."""


@dataclass(frozen=True)
class Use:
    """An op at one place of a program.

    Attributes:
        operands: the text of each.
        sizes: the names of symbols.
        need: says that a helper is used, and returns its name.
    """

    node: Node
    operands: tuple[Text, ...]
    sizes: Mapping[str, str]
    need: Callable[[str], str]

    def helper(self, name: str, *arguments: Text | str, **named: object) -> Text:
        """A call of a helper."""
        return call(self.need(name), *arguments, **named)

    def shape(self, dims: Iterable[DimLike]) -> Text:
        """A shape as a tuple; of one axis, as its size."""
        return sequence(size(dim, self.sizes) for dim in dims)

    def dim(self, dim: DimLike) -> Text:
        """A size."""
        return size(dim, self.sizes)

    @property
    def array_type(self) -> str:
        """The element type of the result."""
        return NUMPY_TYPES[self.node.type.dtype]


Rule = Callable[[Use], Text]
