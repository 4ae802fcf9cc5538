"""Element types of ONNX: which type of Treadle holds their numbers.

Small integers that Treadle does not have lie in wider ones; what leaves their range wraps around, as there.
Floats of eight and four bits lie in float32, and are rounded where they are made. Input: numbers of element
types, nodes. Output: types and terms. Non-goals: unsigned integers of 64 bits, powers of two alone, text.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onnx import TensorProto, defs

from treadle.interop.onnx.importing.terms import Term, call
from treadle.interop.onnx.writer import ELEMENT_TYPES
from treadle.types import DType

if TYPE_CHECKING:
    from treadle.interop.onnx.importing.node import Node


@dataclass(frozen=True)
class Held:
    """Integers from `low` on, of so many bits, in a wider type."""

    dtype: DType
    bits: int
    low: int

    @property
    def high(self) -> int:
        """The largest one."""
        return self.low + (1 << self.bits) - 1


@dataclass(frozen=True)
class SmallFloat:
    """Floats of so many bits in float32: bits after the point, exponents, the largest, what is beyond it."""

    bits: int
    digits: int
    lowest: int
    highest: int
    largest: float
    beyond: float = math.nan
    dtype: DType = DType.F32

    def rounded(self, x: Term, *, saturate: bool) -> Term:
        """Numbers brought to the nearest of these, those beyond to the largest if they `saturate`."""
        beyond = None if saturate else self.beyond
        return call("small_float", x, self.digits, [self.lowest, self.highest], self.largest, beyond)


_HELD: dict[str, Held | SmallFloat] = {
    "FLOAT4E2M1": SmallFloat(4, 1, 0, 2, 6.0),
    "FLOAT8E4M3FN": SmallFloat(8, 3, -6, 8, 448.0),
    "FLOAT8E4M3FNUZ": SmallFloat(8, 3, -7, 7, 240.0),
    "FLOAT8E5M2": SmallFloat(8, 2, -14, 15, 57344.0, math.inf),
    "FLOAT8E5M2FNUZ": SmallFloat(8, 2, -15, 15, 57344.0),
    "INT2": Held(DType.I32, 2, -2),
    "UINT2": Held(DType.I32, 2, 0),
    "INT4": Held(DType.I32, 4, -8),
    "UINT4": Held(DType.I32, 4, 0),
    "INT8": Held(DType.I32, 8, -128),
    "INT16": Held(DType.I32, 16, -32768),
    "UINT16": Held(DType.I32, 16, 0),
    "UINT32": Held(DType.I64, 32, 0),
}
_NUMBERS = dict(TensorProto.DataType.items())
HELD: dict[int, Held | SmallFloat] = {  # older versions of the package lack the smallest types
    _NUMBERS[name]: held for name, held in _HELD.items() if name in _NUMBERS
}
DTYPES: dict[int, DType] = {number: dtype for dtype, number in ELEMENT_TYPES.items()}
DTYPES |= {number: held.dtype for number, held in HELD.items()}

_LEAVE = frozenset(
    [
        *("Add", "Sub", "Mul", "Div", "Neg", "Abs", "Pow", "Sum", "Mean", "Range", "CumSum", "CumProd"),
        *("BitShift", "BitwiseNot", "Cast", "CastLike", "MatMul", "Gemm", "Einsum"),
        *("ReduceSum", "ReduceProd", "ReduceMean", "ReduceL1", "ReduceL2", "ReduceSumSquare"),
    ]
)  # operators whose results may leave the range


def byte_count(number: int, elements: int) -> int:
    """How many bytes so many elements take in a file."""
    if number in HELD:
        return (elements * HELD[number].bits + 7) // 8
    return elements * DTYPES[number].itemsize


def within(number: int | None, node: Node, result: Term) -> Term:
    """The result of a node, wrapped around or rounded where it may be no number of its element type."""
    if number is None or node.op not in _LEAVE:
        return result
    held = HELD[number]
    if isinstance(held, SmallFloat):
        return held.rounded(result, saturate=node.flag("saturate", default=True))
    if held.low == 0:
        return result % (1 << held.bits)
    return (result - held.low) % (1 << held.bits) + held.low


def result_element(node: Node, index: int) -> int | None:
    """The element type of a result if Treadle holds it in another one: by attributes, or that of operands."""
    stated = _stated(node)
    if stated is not None:
        return stated if stated in HELD else None
    if all(value is None or value.element is None for value in node.values):
        return None
    schema = defs.get_schema(node.op, node.opset, node.proto.domain)
    wanted = schema.outputs[min(index, len(schema.outputs) - 1)].type_str
    for place, value in enumerate(node.values):
        if value is not None and schema.inputs[min(place, len(schema.inputs) - 1)].type_str == wanted:
            return value.element
    return None


def _stated(node: Node) -> int | None:
    """The element type that attributes give."""
    name = {"Cast": "to", "EyeLike": "dtype", "QuantizeLinear": "output_dtype"}.get(node.op)
    if name is not None and node.int(name, 0):
        return int(node.int(name))
    if node.op in {"Constant", "ConstantOfShape"} and node.given("value"):
        return int(node.attribute("value").data_type)
    return None
