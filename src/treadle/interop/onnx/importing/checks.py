"""Nodes against what ONNX says about their operator: numbers of operands and results, kinds of attributes.

Input: a node and the version of its domain. Output: nothing, or E1303. Operators unknown to ONNX pass.
"""

from __future__ import annotations

from onnx import AttributeProto, NodeProto, defs

from treadle.interop.onnx.importing.problems import damaged


def check_node(node: NodeProto, label: str, opset: int) -> None:
    """Refuse a node that its operator does not allow.

    Raises:
        TreadleError: E1303.
    """
    if not any(node.output):
        damaged(f"{label} has no results")
    try:
        schema = defs.get_schema(node.op_type, opset, node.domain)
    except defs.SchemaError:
        return
    if not schema.min_input <= len(node.input) <= schema.max_input:
        damaged(f"{label} has {len(node.input)} operands; {_between(schema.min_input, schema.max_input)}")
    if len(node.output) > schema.max_output:
        damaged(f"{label} has {len(node.output)} results; at most {schema.max_output} are possible")
    for attribute in node.attribute:
        known = schema.attributes.get(attribute.name)
        if known is not None and int(known.type.value) != attribute.type:
            kind = AttributeProto.AttributeType.Name(attribute.type)
            damaged(f"{label}: the attribute `{attribute.name}` is {kind}, not {known.type.name}")


def _between(low: int, high: int) -> str:
    return f"it needs {low}" if low == high else f"it needs {low} to {high}"
