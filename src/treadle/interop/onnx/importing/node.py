"""A node of the model as translators see it: operands as terms, attributes as Python values.

Input: an ONNX node and the values of its operands. Output: what translators ask for. Everything that a
translator may want to refuse is refused here, with the node's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from onnx import AttributeProto, GraphProto, NodeProto, helper, numpy_helper

from treadle.interop.onnx.importing.elements import DTYPES
from treadle.interop.onnx.importing.naming import identifier
from treadle.interop.onnx.importing.problems import UnknownValueError, unsupported
from treadle.interop.onnx.importing.terms import Operand, Term, term
from treadle.interop.onnx.importing.values import (
    Array,
    Value,
    has_sizes,
    known_value,
    plain,
    sizes_array,
)
from treadle.types import DimLike, DType, TensorType
from treadle.types.tensor import Shape

if TYPE_CHECKING:
    from treadle.interop.onnx.importing.importer import Importer

_MISSING = object()
_Int = int  # in the class below, `int` is a method


class Node:
    """One node.

    Attributes:
        op: its operator.
        opset: the version of its domain.
        outputs: names of its results; empty ones are not wanted.
    """

    def __init__(self, importer: Importer, proto: NodeProto, inputs: Sequence[Value | None]) -> None:
        self.importer = importer
        self.proto = proto
        self.op = proto.op_type
        self.opset = importer.opset_of(proto.domain)
        self.values = list(inputs)
        self.outputs = list(proto.output)
        self.attributes: Mapping[str, AttributeProto] = {item.name: item for item in proto.attribute}

    def __str__(self) -> str:
        label = self.proto.name or next((name for name in self.outputs if name), "")
        return f"{self.op[:40]} `{label[:80]}` (opset {self.opset})"

    # Operands

    @property
    def count(self) -> int:
        """The number of operands, those left out in the middle included."""
        return len(self.values)

    def has(self, index: int) -> bool:
        """Whether an operand is given."""
        return index < len(self.values) and self.values[index] is not None

    def value(self, index: int) -> Value:
        """An operand that must be given."""
        found = self.values[index] if index < len(self.values) else None
        return found if found is not None else self.refuse(f"operand {index} is missing")

    def items(self, index: _Int) -> tuple[Value, ...]:
        """The elements of an operand that is a sequence."""
        found = self.value(index).items
        return found if found is not None else self.refuse(f"operand {index} is no sequence")

    def __getitem__(self, index: int) -> Term:
        """An operand as a tensor."""
        return self.importer.tensor(self.value(index))

    def operand(self, index: int) -> Term:
        """An operand of arithmetic with a tensor: a known number stands for itself, as in `x * 2`."""
        value = self.value(index)
        if value.term is None and value.known is not None and value.known.ndim == 0 and not value.trained:
            return term(plain(value.known, value.type.dtype))
        return self[index]

    @property
    def terms(self) -> list[Term]:
        """All operands as tensors."""
        return [self[index] for index in range(self.count)]

    def type(self, index: int) -> TensorType:
        """The type of an operand."""
        return self.value(index).type

    def dtype(self, index: int) -> DType:
        """The element type of an operand."""
        return self.type(index).dtype

    def shape(self, index: int) -> Shape:
        """The sizes of an operand."""
        return self.type(index).shape

    def rank(self, index: int) -> int:
        """The number of axes of an operand."""
        return self.type(index).rank

    def is_known(self, index: int) -> bool:
        """Whether importing knows the elements of an operand."""
        return self.has(index) and self.value(index).known is not None

    def known(self, index: int) -> Array:
        """The elements of an operand, which may be symbolic sizes.

        Raises:
            UnknownValueError: E1305 if only a run would tell.
        """
        value = self.value(index)
        if value.known is None:
            message = f"{self}: `{value.label}` decides about the shape of the result"
            raise UnknownValueError(message, value.roots)
        return value.known

    def numbers(self, index: int) -> list[Any]:
        """The elements of an operand as Python numbers; a vector or one number."""
        array = self.known(index)
        if has_sizes(array):
            self.refuse(f"operand {index} depends on sizes that are known by name only")
        return list(np.asarray(array).reshape(-1).tolist())

    def number(self, index: int) -> Any:
        """The one element of an operand."""
        numbers = self.numbers(index)
        return numbers[0] if len(numbers) == 1 else self.refuse(f"operand {index} is no single number")

    def sizes(self, index: int) -> list[DimLike]:
        """The elements of a vector of sizes: integers, or sizes by name."""
        array = self.known(index)
        return [item if array.dtype == object else int(item) for item in array.reshape(-1)]

    # Attributes

    def given(self, name: str) -> bool:
        """Whether an attribute is given."""
        return name in self.attributes

    def attribute(self, name: str, default: Any = _MISSING) -> Any:
        """An attribute as a Python value; graphs and tensors as their protocol buffers."""
        if name not in self.attributes:
            return default if default is not _MISSING else self.refuse(f"the attribute `{name}` is missing")
        return helper.get_attribute_value(self.attributes[name])

    def int(self, name: str, default: Any = _MISSING) -> Any:
        """An integer, or the default if it is not given."""
        found = self.attribute(name, default)
        return int(found) if isinstance(found, int) else found

    def flag(self, name: str, default: bool = False) -> bool:
        """An integer that says yes or no."""
        return bool(self.attribute(name, int(default)))

    def float(self, name: str, default: Any = _MISSING) -> Any:
        """A number; float32 in its shortest decimal form."""
        found = self.attribute(name, default)
        return float(str(np.float32(found))) if isinstance(found, float | int) else found

    def ints(self, name: str, default: Any = _MISSING) -> Any:
        """A list of integers."""
        found = self.attribute(name, default)
        return [int(item) for item in found] if found is not default else found

    def floats(self, name: str, default: Any = _MISSING) -> Any:
        """A list of numbers."""
        found = self.attribute(name, default)
        return [float(str(np.float32(item))) for item in found] if found is not default else found

    def text(self, name: str, default: Any = _MISSING) -> Any:
        """A string."""
        found = self.attribute(name, default)
        return found.decode("utf-8", "replace") if isinstance(found, bytes) else found

    def array(self, name: str) -> Array:
        """A tensor as an array."""
        found: Array = numpy_helper.to_array(self.attribute(name))
        return found

    def graph(self, name: str) -> GraphProto:
        """A graph: the body of a loop, a branch."""
        found: GraphProto = self.attribute(name)
        return found

    def dtype_attribute(self, name: str, default: DType | None = None) -> DType:
        """An element type."""
        if default is not None and name not in self.attributes:
            return default
        return self.dtype_of(self.int(name))

    def dtype_of(self, number: Any) -> DType:
        """The element type that ONNX gives a number.

        Raises:
            TreadleError: E1304 for types that Treadle does not have.
        """
        return DTYPES[number] if number in DTYPES else self.refuse(f"element type {type_name(number)}")

    # The spec

    def wants(self, index: _Int) -> bool:
        """Whether a result is used."""
        return index < len(self.outputs) and self.importer.is_used(self.outputs[index])

    @property
    def hint(self) -> str:
        """What a name for its first result may be called after."""
        found: str = next((name for name in self.outputs if name), self.op)
        return found

    def let(self, value: Operand, hint: str = "") -> Term:
        """Give an intermediate result a name, so that it is computed once and has a type."""
        stem = hint or f"{identifier(self.hint)}_part"
        return self.importer.expansion.let(term(value), self.importer.expansion.names.fresh(stem))

    def unpack(self, value: Operand, count: _Int) -> list[Term]:
        """Names for the parts of an expression with several results."""
        titles = [self.importer.name_for(self, index) for index in range(count)]
        return self.importer.expansion.let_all(term(value), titles)

    def weight(self, index: _Int) -> Array | None:
        """An operand that a layer may own: an initialiser of float32 that nothing else uses."""
        if not self.has(index):
            return None
        value = self.value(index)
        return value.known if self.importer.is_alone(value) and value.type.dtype is DType.F32 else None

    def absorb(self, op: str, shape: Shape) -> Array | None:
        """The weight of this shape in the node after this one, if that is an `op` and alone uses the result.

        The other node is then part of this one, whose result takes the name of the other's.
        """
        follower = self.importer.follower(self.outputs[0])
        if follower is None or follower.op_type != op or len(follower.output) != 1:
            return None
        others = [label for label in follower.input if label != self.outputs[0]]
        found = self.importer.values.get(others[0]) if len(others) == 1 else None
        if found is None or found.type != TensorType(DType.F32, shape) or not self.importer.is_alone(found):
            return None
        self.values.append(found)
        self.outputs = list(follower.output)
        self.importer.absorbed.add(follower.output[0])
        return found.known

    def layer(self, built: Term, weights: Mapping[str, Array], *operands: Operand) -> Term:
        """A layer of the library applied to operands, with the values of its weights by their own names."""
        title = self.importer.expansion.names.fresh(self._layer_stem(weights), self.op.lower())
        return self.importer.expansion.layer(title, built, operands, weights, self.importer.name_for(self, 0))

    def _layer_stem(self, weights: Mapping[str, Array]) -> str:
        """What the names of the weights in the file have in common, else the scope of the node."""
        arrays = [id(array) for array in weights.values()]
        labels = [value.label for value in self.values if value is not None and id(value.known) in arrays]
        stems = {label.rpartition(".")[0] for label in labels}
        return stems.pop() if len(stems) == 1 and "" not in stems else self.proto.name

    def type_of(self, value: Term) -> TensorType:
        """The type of an expression that is a tensor."""
        found = self.importer.expansion.type_of(value)
        return found if found is not None else self.refuse("a result is no tensor")

    def rank_of(self, value: Term) -> _Int:
        """The number of axes of an expression that is a tensor."""
        return self.type_of(value).rank

    def sizes_value(self, sizes: Sequence[DimLike]) -> Value:
        """A vector of sizes as a result that importing knows."""
        return known_value(sizes_array(sizes), DType.I64)

    def refuse(self, reason: str, hint: str | None = None) -> NoReturn:
        """Refuse this use of the operator (E1304)."""
        unsupported(f"{self}: {reason}", hint)


def type_name(number: _Int) -> str:
    """What ONNX calls an element type."""
    from onnx import TensorProto  # noqa: PLC0415 - a name that messages alone need

    try:
        return str(TensorProto.DataType.Name(number))
    except ValueError:
        return f"number {number}"
