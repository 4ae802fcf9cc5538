"""Small ONNX models, and what comes of their import."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from treadle.interop.onnx.importing.importer import Imported, Wishes, import_model
from treadle.interop.onnx.importing.printing import spec_text

FLOAT, WHOLE = TensorProto.FLOAT, TensorProto.INT64


def node(kind: str, inputs: str, outputs: str = "y", **settings: object) -> NodeProto:
    """A node; names of operands and results are words."""
    return helper.make_node(kind, inputs.split(), outputs.split(), **settings)


def model(
    *nodes: NodeProto, weights: dict[str, object] | None = None, opset: int = 18, **inputs: object
) -> ModelProto:
    """A model whose result is `y`; inputs are floats of these shapes."""
    entering = [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in inputs.items()]
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in (weights or {}).items()]
    result = helper.make_tensor_value_info("y", FLOAT, None)
    graph = helper.make_graph(list(nodes), "net", entering, [result], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def body_of(found: Imported) -> str:
    """The statements of the model, without its braces and empty lines."""
    lines = spec_text(found).splitlines()
    return "\n".join(line.strip() for line in lines[1:-1] if line.strip())


def imported(*nodes: NodeProto, wishes: Wishes | None = None, **given: object) -> Imported:
    """The import of such a model."""
    return import_model(model(*nodes, **given), wishes)
