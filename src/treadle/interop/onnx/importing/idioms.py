"""Nodes that say together what one operator says: a convolution and the sum of its bias; a softmax in parts.

Input: the nodes of a graph in order. Output: fewer nodes that mean the same. Only results that nothing else
uses disappear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from onnx import GraphProto, NodeProto, helper, numpy_helper

_WITH_SOFTMAX = 13  # from this opset on it is over one axis


class _Nodes:
    """The nodes of a graph, by what they give."""

    def __init__(self, graph: GraphProto, nodes: Sequence[NodeProto], uses: Mapping[str, int]) -> None:
        self.makers = {name: node for node in nodes for name in node.output}
        self.uses = uses
        self.tensors = {tensor.name: tensor for tensor in graph.initializer}

    def alone(self, name: str, kind: str) -> NodeProto | None:
        """The node of a kind that gives a value with a single use."""
        maker = self.makers.get(name)
        return maker if maker is not None and maker.op_type == kind and self.uses[name] == 1 else None

    def source(self, name: str) -> str:
        """The value that a value is the same as, while nothing else uses it."""
        maker = self.alone(name, "Identity")
        return name if maker is None else self.source(maker.input[0])

    def numbers(self, name: str) -> list[int] | None:
        """The integers of a small initialiser."""
        tensor = self.tensors.get(name)
        if tensor is None or len(tensor.dims) != 1 or tensor.dims[0] > 8:
            return None
        return [int(number) for number in numpy_helper.to_array(tensor)]

    def axis(self, node: NodeProto) -> int | None:
        """The one axis that a node reduces and keeps with size 1."""
        given = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        axes = given.get("axes") if len(node.input) == 1 else self.numbers(node.input[1])
        return int(axes[0]) if axes is not None and len(axes) == 1 and given.get("keepdims", 1) == 1 else None


def joined(
    graph: GraphProto, nodes: Sequence[NodeProto], uses: Mapping[str, int], opset: int
) -> list[NodeProto]:
    """The nodes with idioms replaced; some are then without use."""
    known = _Nodes(graph, nodes, uses)
    result = []
    for node in nodes:
        found = _biased(known, node) if node.op_type == "Add" else None
        if node.op_type == "Div" and opset >= _WITH_SOFTMAX:
            found = _softmax(known, node)
        result.append(found or node)
    return result


def _biased(known: _Nodes, node: NodeProto) -> NodeProto | None:
    """Conv(x, W) + reshape(b, [channels, 1, 1]) as Conv(x, W, b)."""
    for left, right in (node.input, node.input[::-1]):
        conv, shaped = known.alone(left, "Conv"), known.alone(right, "Reshape")
        if conv is None or shaped is None or len(conv.input) != 2:
            continue
        weight, bias = known.tensors.get(conv.input[1]), known.tensors.get(shaped.input[0])
        if weight is None or bias is None or len(shaped.input) != 2:
            continue
        channels, axes = weight.dims[0], len(weight.dims) - 2
        if list(bias.dims) == [channels] and known.numbers(shaped.input[1]) == [channels, *[1] * axes]:
            return _with(conv, [*conv.input, shaped.input[0]], node.output)
    return None


def _softmax(known: _Nodes, node: NodeProto) -> NodeProto | None:
    """exp(x - max(x)) / sum(exp(x - max(x))) along an axis as Softmax(x)."""
    top = known.makers.get(node.input[0])
    bottom = known.alone(node.input[1], "ReduceSum")
    if top is None or bottom is None or top.op_type != "Exp" or bottom.input[0] != node.input[0]:
        return None
    less = known.alone(top.input[0], "Sub")
    most = known.alone(known.source(less.input[1]), "ReduceMax") if less is not None else None
    if less is None or most is None or most.input[0] != less.input[0] or known.uses[node.input[0]] != 2:
        return None
    axis = known.axis(bottom)
    if axis is None or axis != known.axis(most):
        return None
    return helper.make_node("Softmax", [less.input[0]], list(node.output), node.name, axis=axis)


def _with(node: NodeProto, inputs: Sequence[str], outputs: Sequence[str]) -> NodeProto:
    result = NodeProto()
    result.CopyFrom(node)
    del result.input[:], result.output[:]
    result.input.extend(inputs)
    result.output.extend(outputs)
    return result
