"""Element types of ONNX: which type of Treadle holds their numbers.

Small integers that Treadle does not have lie in wider ones; what leaves their range wraps around, as there.
Input: numbers of element types, nodes. Output: types and terms. Non-goals: floats of eight bits and less,
unsigned integers of 64 bits, text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from onnx import TensorProto, defs

from treadle.interop.onnx.importing.terms import Term
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


HELD = {
    TensorProto.INT2: Held(DType.I32, 2, -2),
    TensorProto.UINT2: Held(DType.I32, 2, 0),
    TensorProto.INT4: Held(DType.I32, 4, -8),
    TensorProto.UINT4: Held(DType.I32, 4, 0),
    TensorProto.INT8: Held(DType.I32, 8, -128),
    TensorProto.INT16: Held(DType.I32, 16, -32768),
    TensorProto.UINT16: Held(DType.I32, 16, 0),
    TensorProto.UINT32: Held(DType.I64, 32, 0),
}
DTYPES: dict[int, DType] = {number: dtype for dtype, number in ELEMENT_TYPES.items()}
DTYPES |= {number: held.dtype for number, held in HELD.items()}

_LEAVE = frozenset(
    {
        "Add",
        "Sub",
        "Mul",
        "Div",
        "Neg",
        "Abs",
        "Pow",
        "BitShift",
        "BitwiseNot",
        "Cast",
        "CastLike",
        "Sum",
        "Mean",
        "Range",
        "MatMul",
        "Gemm",
        "Einsum",
        "ReduceSum",
        "ReduceProd",
        "ReduceMean",
        "ReduceL1",
        "ReduceL2",
        "ReduceSumSquare",
        "CumSum",
        "CumProd",
    }
)  # operators whose results may leave the range


def byte_count(number: int, elements: int) -> int:
    """How many bytes so many elements take in a file."""
    if number in HELD:
        return (elements * HELD[number].bits + 7) // 8
    return elements * DTYPES[number].itemsize


def within(number: int | None, op: str, result: Term) -> Term:
    """The result of an operator, wrapped around where it may leave the range of its element type."""
    if number is None or op not in _LEAVE:
        return result
    held = HELD[number]
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
