"""Nodes of a graph: frozen records of one op applied to operands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from treadle.ops.opdef import AnyType
from treadle.source import Span
from treadle.types import TensorType


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """One op applied to operands. Identity is the object; `id` numbers it within its graph.

    Attributes:
        id: position in the graph; operands always have smaller ids.
        op: name of the op in the registry.
        inputs: operand nodes, in the order of the op's signature.
        attrs: attributes, read-only; values are hashable.
        result: the inferred type; a tuple of types for ops with several results (`scan`).
        span: where in a spec the node comes from, if anywhere.
        scope: layer path, such as `encoder.block[2].attn`; empty at the top.
    """

    id: int
    op: str
    inputs: tuple[Node, ...]
    attrs: Mapping[str, Any]
    result: AnyType
    span: Span | None
    scope: str

    @property
    def type(self) -> TensorType:
        """The type of a node with one result.

        Raises:
            TypeError: for a node with several results.
        """
        if isinstance(self.result, tuple):
            raise TypeError(f"%{self.id} = {self.op} has {len(self.result)} results; take one with `item`")
        return self.result

    def __repr__(self) -> str:
        operands = ", ".join(f"%{node.id}" for node in self.inputs)
        return f"%{self.id} = {self.op}({operands}): {self.result}"


def freeze_attrs(attrs: Mapping[str, Any]) -> Mapping[str, Any]:
    """A read-only copy of the attributes, sorted by name."""
    return MappingProxyType({name: attrs[name] for name in sorted(attrs)})


def attrs_key(attrs: Mapping[str, Any]) -> tuple[tuple[str, str, Any], ...]:
    """A hashable key of attributes; the type name keeps 1, 1.0 and True apart, repr keeps 0.0 and -0.0
    apart."""
    return tuple((name, *_value_key(attrs[name])) for name in sorted(attrs))


def _value_key(value: Any) -> tuple[str, Any]:
    kind = type(value).__name__
    if isinstance(value, float):
        return (kind, repr(value))
    if isinstance(value, tuple):
        return (kind, tuple(_value_key(item) for item in value))
    return (kind, value)
