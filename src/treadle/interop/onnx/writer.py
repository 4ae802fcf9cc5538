"""The graph under construction: names for values, nodes, constants, and symbolic sizes as computed tensors.

Input: calls of the op table. Output: lists of ONNX nodes and initialisers. The one home of the package
`onnx`, together with its neighbours in this folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from treadle.ir import Node
from treadle.types import Dim, DimLike, DType
from treadle.types.dims import Apply, Atom, Symbol

ELEMENT_TYPES = {
    DType.F64: TensorProto.DOUBLE,
    DType.F32: TensorProto.FLOAT,
    DType.F16: TensorProto.FLOAT16,
    DType.BF16: TensorProto.BFLOAT16,
    DType.I64: TensorProto.INT64,
    DType.I32: TensorProto.INT32,
    DType.U8: TensorProto.UINT8,
    DType.BOOL: TensorProto.BOOL,
}

Array = NDArray[Any]


@dataclass
class Writer:
    """Collects nodes; `sizes` tells for each symbol a value and an axis of it that has this size.

    A writer of a loop body has a `parent`, whose values it may use and where its constants go.
    """

    sizes: Mapping[str, tuple[str, int]]
    parent: Writer | None = None
    nodes: list[Any] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    results: dict[int, list[str]] = field(default_factory=dict)
    _count: list[int] = field(default_factory=lambda: [0])
    _dims: dict[DimLike, str] = field(default_factory=dict)

    def inner(self) -> Writer:
        """A writer for the body of a loop in this graph."""
        return Writer(self.sizes, self, constants=self.constants, _count=self._count)

    def value(self, node: Node) -> str:
        """The name of the value of a node."""
        return self.names[node.id]

    def add(self, kind: str, *operands: str, **attributes: Any) -> str:
        """Appends a node; the name of its result."""
        return self.add_all(kind, operands, 1, attributes)[0]

    def add_all(
        self, kind: str, operands: Sequence[str], count: int, attributes: Mapping[str, Any]
    ) -> list[str]:
        """Appends a node with several results; their names."""
        results = [self.fresh(kind) for _ in range(count)]
        self.nodes.append(helper.make_node(kind, list(operands), results, **attributes))
        return results

    def fresh(self, stem: str) -> str:
        """A name that no other value has."""
        self._count[0] += 1
        return f"{stem.lower()}_{self._count[0]}"

    def constant(self, array: Array, name: str | None = None) -> str:
        """The name of a constant; equal ones without a name are shared."""
        array = np.asarray(array)
        key = (
            name or f"const_{array.dtype}_{array.shape}_{array.tobytes().hex()[:64]}_{hash(array.tobytes())}"
        )
        if key not in self.constants:
            title = name or f"const_{len(self.constants)}"
            self.constants[key] = numpy_helper.from_array(np.ascontiguousarray(array), title)
        return str(self.constants[key].name)

    def scalar(self, value: complex | bool, dtype: DType) -> str:
        """A constant without axes."""
        return self.constant(np.array(value, np.dtype(dtype.numpy_name)))

    def ints(self, values: Sequence[int]) -> str:
        """A vector of 64-bit integers."""
        return self.constant(np.array(values, np.int64).reshape(-1))

    def shape(self, dims: Sequence[DimLike]) -> str:
        """A vector of sizes, computed where they are symbolic."""
        if all(isinstance(dim, int) for dim in dims):
            return self.ints([int(dim) for dim in dims])  # type: ignore[arg-type]
        return self.add("Concat", *(self.size(dim) for dim in dims), axis=0)

    def size(self, dim: DimLike) -> str:
        """A size as a vector of one element."""
        if isinstance(dim, int):
            return self.ints([dim])
        if dim not in self._dims:
            self._dims[dim] = self._sum(dim)
        return self._dims[dim]

    def _sum(self, dim: Dim) -> str:
        total = ""
        for monomial, factor in dim.terms:
            part = self.ints([factor])
            for atom in monomial:
                part = self.add("Mul", part, self._atom(atom))
            total = self.add("Add", total, part) if total else part
        return total

    def _atom(self, atom: Atom) -> str:
        if isinstance(atom, Symbol):
            source, axis = self.sizes[atom.name]
            return self.add("Shape", source, start=axis, end=axis + 1)
        return self._apply(atom)

    def _apply(self, atom: Apply) -> str:
        left, right = self.size(atom.left), self.size(atom.right)
        kinds = {"//": "Div", "%": "Mod", "min": "Min", "max": "Max"}  # sizes are not negative
        return self.add(kinds[atom.function], left, right)


def count_of(shape: Sequence[DimLike]) -> DimLike:
    """The number of elements."""
    return prod(shape, start=1)
