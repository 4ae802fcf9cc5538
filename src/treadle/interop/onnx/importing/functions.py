"""Operators that ONNX defines by others: the nodes that a node stands for.

Input: a node without a translator. Output: the nodes of its body, its attributes filled in. Non-goals:
functions of the file itself, which reading has inlined.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onnx import AttributeProto, FunctionProto, NodeProto, defs, helper

from treadle.interop.onnx.writer import ELEMENT_TYPES

if TYPE_CHECKING:
    from treadle.interop.onnx.importing.node import Node


@dataclass(frozen=True)
class Body:
    """The body of an operator."""

    inputs: Sequence[str]
    outputs: Sequence[str]
    nodes: Sequence[NodeProto]
    opsets: Mapping[str, int]


def body_of(node: Node) -> Body | None:
    """The body of a node's operator, or None where ONNX gives none."""
    try:
        schema = defs.get_schema(node.op, node.opset, node.proto.domain)
    except defs.SchemaError:
        return None
    function = _function(schema, node)
    if function is None:
        return None
    attributes = {name: attribute.default_value for name, attribute in schema.attributes.items()}
    attributes = {name: value for name, value in attributes.items() if value.name}
    attributes |= dict(node.attributes)
    nodes = [_filled(inner, attributes) for inner in function.node]
    opsets = {item.domain: item.version for item in function.opset_import}
    return Body(list(function.input), list(function.output), nodes, opsets)


def _function(schema: defs.OpSchema, node: Node) -> FunctionProto | None:
    if schema.has_function:
        return schema.function_body
    if not schema.has_context_dependent_function:
        return None
    versions = [v for v in schema.context_dependent_function_opset_versions if v <= node.opset]
    if not versions:
        return None
    types = [_type_bytes(node, index) for index in range(node.count)]
    content = schema.get_context_dependent_function_with_opset_version(
        max(versions), node.proto.SerializeToString(), types
    )
    if not content:
        return None
    function = FunctionProto()
    function.ParseFromString(content)
    return function


def _type_bytes(node: Node, index: int) -> bytes:
    if not node.has(index):
        return b""
    type_ = node.type(index)
    dims = [dim if isinstance(dim, int) else str(dim) for dim in type_.shape]
    return bytes(helper.make_tensor_type_proto(ELEMENT_TYPES[type_.dtype], dims).SerializeToString())


def _filled(node: NodeProto, attributes: Mapping[str, AttributeProto]) -> NodeProto:
    """The node with the attributes of the operator in place of references to them."""
    result = NodeProto()
    result.CopyFrom(node)
    del result.attribute[:]
    for attribute in node.attribute:
        if not attribute.ref_attr_name:
            result.attribute.append(_filled_graph(attribute, attributes))
        elif attribute.ref_attr_name in attributes:
            given = AttributeProto()
            given.CopyFrom(attributes[attribute.ref_attr_name])
            given.name = attribute.name
            result.attribute.append(given)
    return result


def _filled_graph(attribute: AttributeProto, attributes: Mapping[str, AttributeProto]) -> AttributeProto:
    if not attribute.HasField("g"):
        return attribute
    result = AttributeProto()
    result.CopyFrom(attribute)
    nodes = [_filled(inner, attributes) for inner in attribute.g.node]
    del result.g.node[:]
    result.g.node.extend(nodes)
    return result
