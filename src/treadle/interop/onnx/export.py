"""From a graph for inference to an ONNX model.

Input: a graph without gradients and updates, values of its leaves. Output: a checked `ModelProto`; symbolic
sizes stay dynamic, loops become `Scan`, random draws become inputs. Non-goals: training graphs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper

from treadle.errors import fail
from treadle.interop.onnx import elementwise, structure
from treadle.interop.onnx.elementwise import Rule
from treadle.interop.onnx.writer import ELEMENT_TYPES, Array, Writer
from treadle.ir import RNG_INPUT, Graph, Node
from treadle.ops.control import INDEX
from treadle.types import Dim, DType, TensorType

OUTPUT = "output:"
NOISE = "noise"
OPSET = 18
_IR_VERSION = 9  # the oldest that has this opset: older runtimes read it too

_DRAWS = {"random_normal", "random_uniform"}
_KEYS = {"input", "fold_in"}  # of random draws, which are inputs

RULES: dict[str, Rule] = {**elementwise.RULES, **structure.RULES}


def export(graph: Graph, values: Mapping[str, Array], name: str) -> onnx.ModelProto:
    """The model that computes the graph's outputs.

    Args:
        graph: primitives only; inputs keep their names, outputs lose `output:`, draws are `noise1` and on.
        values: of params and states, by name.
        name: of the model.

    Raises:
        TreadleError: E1301 for an op that ONNX cannot say.
    """
    needed = graph.ancestors(graph.outputs.values())
    entering = {
        title: node for title, node in graph.inputs.items() if node.id in needed and title != RNG_INPUT
    }
    entering |= {f"{NOISE}{number}": node for number, node in enumerate(_draws(graph, needed), start=1)}
    writer = Writer(_sizes(entering))
    for leaf, node in graph.leaves().items():
        if node.id in needed:
            array = values[leaf].astype(node.type.dtype.numpy_name)
            writer.names[node.id] = writer.constant(array, leaf)
    for title, node in entering.items():
        writer.names[node.id] = title
    results = _write(writer, graph)
    outputs = [_named(writer, node, title.removeprefix(OUTPUT)) for title, node in results.items()]
    inputs = [_info(title, node.type) for title, node in entering.items()]
    body = helper.make_graph(writer.nodes, name, inputs, outputs, list(writer.constants.values()))
    model = helper.make_model(
        body, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="treadle", ir_version=_IR_VERSION
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def export_bytes(graph: Graph, values: Mapping[str, Array], name: str) -> bytes:
    """The model of `export`, as the content of a file."""
    return bytes(export(graph, values, name).SerializeToString())


def _draws(graph: Graph, needed: set[int]) -> list[Node]:
    """The random draws: no runtime would draw the same numbers, so whoever runs the model gives them."""
    return [node for node in graph if node.id in needed and node.op in _DRAWS]


def _write(writer: Writer, graph: Graph) -> dict[str, Node]:
    """Writes all nodes that the outputs need; returns the outputs."""
    needed = graph.ancestors(graph.outputs.values())
    for node in graph:
        if node.id in needed and node.id not in writer.names and node.op not in _KEYS:
            writer.names[node.id] = _node(writer, node)
    return graph.outputs


def _node(writer: Writer, node: Node) -> str:
    if node.op == "const":
        return _const(writer, node)
    if node.op == "table":
        values = np.array(node.attrs["values"], node.type.dtype.numpy_name)
        return writer.constant(values.reshape(node.type.static_shape()))
    if node.op == "scan":
        return _scan(writer, node)
    if node.op == "item":
        index: int = node.attrs["index"]
        return writer.results[node.inputs[0].id][index]
    if node.op not in RULES:
        fail("E1301", f"`{node.op}` has no form in ONNX", node.span)
    return RULES[node.op](writer, node)


def _const(writer: Writer, node: Node) -> str:
    value, dtype = node.attrs["value"], node.type.dtype
    if isinstance(value, Dim):
        number = writer.add("Squeeze", writer.size(value))
        name = writer.add("Cast", number, to=ELEMENT_TYPES[dtype])
    else:
        name = writer.scalar(value, dtype)
    return writer.add("Expand", name, writer.shape(node.type.shape)) if node.type.rank else name


def _scan(writer: Writer, node: Node) -> str:
    """A loop as `Scan`; the numbers of its steps are one more sequence. The name of its first result."""
    body, carries, sequences = (node.attrs[key] for key in ("body", "carries", "sequences"))
    draw = next((inside for inside in body if inside.op in _DRAWS), None)
    if draw is not None:
        fail("E1301", f"`{draw.op}` inside of a loop has no form in ONNX", draw.span or node.span)
    inner = writer.inner()
    names = [name for name in body.inputs if name != INDEX]
    for name, operand in zip(names[carries + sequences :], node.inputs[carries + sequences :], strict=True):
        inner.names[body.inputs[name].id] = writer.value(operand)
    entering = names[: carries + sequences]
    infos = []
    for name in entering:
        title = inner.fresh(name)
        inner.names[body.inputs[name].id] = title
        infos.append(_info(title, body.inputs[name].type))
    step = inner.fresh("step")
    infos.append(helper.make_tensor_value_info(step, ELEMENT_TYPES[DType.I64], []))
    if INDEX in body.inputs:
        inner.names[body.inputs[INDEX].id] = step
    leaving = [_named(inner, result, inner.fresh("out")) for result in _write(inner, body).values()]
    operands = [writer.value(operand) for operand in node.inputs[: carries + sequences]]
    operands.append(structure.positions(writer, node.attrs["length"]))
    backwards, yields = int(node.attrs["reverse"]), len(leaving) - carries
    settings = {
        "body": helper.make_graph(inner.nodes, "step", infos, leaving),
        "num_scan_inputs": sequences + 1,
        "scan_input_directions": [backwards] * (sequences + 1),
    }
    if yields:
        settings["scan_output_directions"] = [backwards] * yields
    writer.results[node.id] = writer.add_all("Scan", operands, len(leaving), settings)
    return writer.results[node.id][0]


def _named(writer: Writer, node: Node, title: str) -> Any:
    """Gives a result a name of its own, since one value may be several results."""
    writer.nodes.append(helper.make_node("Identity", [writer.value(node)], [title]))
    return _info(title, node.type)


def _info(title: str, type_: TensorType) -> Any:
    dims = [dim if isinstance(dim, int) else str(dim) for dim in type_.shape]
    return helper.make_tensor_value_info(title, ELEMENT_TYPES[type_.dtype], dims)


def _sizes(inputs: Mapping[str, Node]) -> dict[str, tuple[str, int]]:
    """For each symbol an input that has an axis of this size."""
    found: dict[str, tuple[str, int]] = {}
    for title, node in inputs.items():
        for axis, dim in enumerate(node.type.shape):
            if isinstance(dim, Dim):
                found.setdefault(str(dim), (title, axis))
    return found
