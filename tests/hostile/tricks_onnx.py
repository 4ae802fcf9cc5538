"""ONNX files that are cut off, contradict themselves, ask for too much, or point out of their folder."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
from onnx import FunctionProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


def graph_of(
    nodes: list[NodeProto], *, tensors: list[TensorProto] | None = None, size: object = 4
) -> ModelProto:
    """A model from `x` to `y`."""
    ends = [helper.make_tensor_value_info(name, FLOAT, [size]) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "net", ends[:1], [without_shape(ends[1])], tensors or [])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])


def without_shape(info: ValueInfoProto) -> ValueInfoProto:
    """A result whose shape is not claimed."""
    return helper.make_tensor_value_info(info.name, FLOAT, None)


def one(kind: str, *more: str, tensors: list[TensorProto] | None = None, **attributes: object) -> ModelProto:
    """A model of one node."""
    return graph_of([helper.make_node(kind, ["x", *more], ["y"], **attributes)], tensors=tensors)


def ints(name: str, *values: int) -> TensorProto:
    """A vector of integers."""
    return numpy_helper.from_array(np.array(values, np.int64), name)


def tensor(name: str, dims: list[int], content: bytes = b"", kind: int = FLOAT) -> TensorProto:
    """A tensor that may lie about its size."""
    return TensorProto(name=name, dims=dims, raw_data=content, data_type=kind)


def external(location: str, **facts: str) -> ModelProto:
    """A model whose weight lies in another file."""
    found = TensorProto(name="w", dims=[4], data_type=FLOAT, data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, **facts}.items():
        found.external_data.add(key=key, value=value)
    return one("Add", "w", tensors=[found])


def good() -> ModelProto:
    """A small model that is read."""
    w = numpy_helper.from_array(np.ones((4, 3), np.float32), "fc.W")
    b = numpy_helper.from_array(np.ones(3, np.float32), "fc.b")
    nodes = [helper.make_node("Gemm", ["x", "fc.W", "fc.b"], ["h"]), helper.make_node("Relu", ["h"], ["y"])]
    ends = [
        helper.make_tensor_value_info("x", FLOAT, ["N", 4]),
        helper.make_tensor_value_info("y", FLOAT, ["N", 3]),
    ]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], [w, b])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])


def linked(path: Path) -> None:
    """The weight is a link out of the folder."""
    (path.parent / "weights.bin").symlink_to("/etc/hostname")
    path.write_bytes(external("weights.bin").SerializeToString())


def _calls_itself() -> ModelProto:
    model = graph_of([helper.make_node("f", ["x"], ["y"], domain="own")])
    model.opset_import.append(helper.make_opsetid("own", 1))
    body = [helper.make_node("f", ["a"], ["b"], domain="own")]
    opsets = [helper.make_opsetid("own", 1), helper.make_opsetid("", 18)]
    function: FunctionProto = helper.make_function("own", "f", ["a"], ["b"], body, opsets)
    model.functions.append(function)
    return model


def _calls_by_the_thousands() -> ModelProto:
    """Each function calls the next one twice."""
    model = graph_of([helper.make_node("f0", ["x"], ["y"], domain="own")])
    model.opset_import.append(helper.make_opsetid("own", 1))
    opsets = [helper.make_opsetid("own", 1), helper.make_opsetid("", 18)]
    for k in range(40):
        inner = [helper.make_node(f"f{k + 1}", [a], [b], domain="own") for a, b in (("a", "c"), ("c", "b"))]
        model.functions.append(helper.make_function("own", f"f{k}", ["a"], ["b"], inner, opsets))
    relu = [helper.make_node("Relu", ["a"], ["b"])]
    model.functions.append(helper.make_function("own", "f40", ["a"], ["b"], relu, opsets))
    return model


def _doubling(kind: str, count: int) -> ModelProto:
    names = ["x", *(f"h{k}" for k in range(count - 1)), "y"]
    pairs = itertools.pairwise(names)
    return graph_of([helper.make_node(kind, [a, a], [b], axis=0) for a, b in pairs])


def _renamed(text: str) -> ModelProto:
    return graph_of(
        [helper.make_node("Foo", ["x"], [text], name=text), helper.make_node("Relu", [text], ["y"])]
    )


def _untyped() -> ModelProto:
    model = one("Relu")
    model.graph.input[0].ClearField("type")
    return model


def _nested(depth: int) -> ModelProto:
    body = helper.make_graph([], "g", [], [])
    for _ in range(depth):
        node = helper.make_node("If", ["c"], ["o"], then_branch=body, else_branch=body)
        body = helper.make_graph([node], "g", [], [helper.make_tensor_value_info("o", FLOAT, None)])
    return graph_of([helper.make_node("If", ["x"], ["y"], then_branch=body, else_branch=body)])


MODELS = {
    "no_graph": ModelProto(),
    "uses_itself": one("Add", "y"),
    "circle": graph_of([helper.make_node("Relu", ["b"], ["y"]), helper.make_node("Relu", ["y"], ["b"])]),
    "lacks_a_weight": one("Add", "w"),
    "result_of_nothing": graph_of([helper.make_node("Relu", ["x"], ["z"])]),
    "same_name_twice": graph_of(
        [helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Exp", ["x"], ["y"])]
    ),
    "no_opset": ModelProto(ir_version=9, graph=good().graph),
    "unknown_operator": one("Frobnicate"),
    "attribute_of_another_kind": one("Softmax", axis="last"),
    "axis_beyond": one("Softmax", axis=99),
    "operands_missing": graph_of([helper.make_node("Conv", ["x"], ["y"])]),
    "operands_too_many": one("Relu", "x", "x", "x"),
    "no_results": graph_of([helper.make_node("Relu", ["x"], [])]),
    "element_type_99": one("Add", "w", tensors=[tensor("w", [4], b"\0" * 16, 99)]),
    "texts": one("Add", "w", tensors=[tensor("w", [4], b"", TensorProto.STRING)]),
    "weight_is_short": one("Add", "w", tensors=[tensor("w", [4], b"\0" * 15)]),
    "weight_is_long": one("Add", "w", tensors=[tensor("w", [4], b"\0" * 17)]),
    "weight_of_2_to_60": one("Add", "w", tensors=[tensor("w", [2**30, 2**30])]),
    "size_negative": one("Add", "w", tensors=[tensor("w", [-4], b"\0" * 16)]),
    "input_of_2_to_60": graph_of([helper.make_node("Relu", ["x"], ["y"])], size=2**60),
    "input_negative": graph_of([helper.make_node("Relu", ["x"], ["y"])], size=-4),
    "input_without_type": _untyped(),
    "constant_of_2_to_50": graph_of(
        [helper.make_node("ConstantOfShape", ["s"], ["y"])], tensors=[ints("s", 2**25, 2**25)]
    ),
    "range_without_end": graph_of(
        [helper.make_node("Range", ["a", "b", "c"], ["y"])],
        tensors=[
            numpy_helper.from_array(np.array(v, np.int64), n) for n, v in (("a", 0), ("b", 2**62), ("c", 1))
        ],
    ),
    "range_without_step": graph_of(
        [helper.make_node("Range", ["a", "a", "a"], ["y"])],
        tensors=[numpy_helper.from_array(np.array(0, np.int64), "a")],
    ),
    "tiles_of_2_to_60": one("Tile", "r", tensors=[ints("r", 2**60)]),
    "padding_of_2_to_60": one("Pad", "p", tensors=[ints("p", 2**60, 2**60)]),
    "padding_of_edges": one("Pad", "p", tensors=[ints("p", 10**9, 10**9)], mode="edge"),
    "reshape_to_another_size": one("Reshape", "s", tensors=[ints("s", 5)]),
    "reshape_below_zero": one("Reshape", "s", tensors=[ints("s", -7, -1)]),
    "split_in_many": one("Split", "s", tensors=[ints("s", *[0] * 100_000)]),
    "doubled_60_times": _doubling("Concat", 60),
    "calls_itself": _calls_itself(),
    "calls_by_the_thousands": _calls_by_the_thousands(),
    "graphs_in_graphs": _nested(12),
    "kernel_of_0": one("MaxPool", kernel_shape=[0, 0]),
    "name_of_a_million": _renamed("n" * 1_000_000),
    "name_of_signs": _renamed('"\n}\nmodel Evil {'),
    "many_nodes": graph_of([helper.make_node("Relu", ["x"], [f"h{k}"]) for k in range(40_000)]),
    "outside": external("../../../../etc/passwd"),
    "absolute": external("/etc/passwd"),
    "outside_in_disguise": external("a/../../b"),
    "no_such_file": external("weights.bin"),
    "no_location": external(""),
    "its_own_file": external("spec.onnx", offset="-4"),
    "beyond_its_end": external("spec.onnx", offset=str(2**62)),
    "length_lies": external("spec.onnx", length=str(2**50)),
    "length_is_text": external("spec.onnx", length="many"),
}
ONNX = {
    "empty": b"",
    "text": b"not a model at all",
    "half": good().SerializeToString()[:100],
    "byte_lost": good().SerializeToString()[1:],
    "link": linked,
    **{name: model.SerializeToString() for name, model in MODELS.items()},
}
