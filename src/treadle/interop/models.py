"""Models as files of other tools.

Input: a model expanded for evaluation, values of its leaves. Output: the bytes of a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import cast

from treadle.backends.protocol import Array
from treadle.driver import differentiate, restrict
from treadle.errors import fail
from treadle.frontend.result import ModelGraph
from treadle.ir import Graph
from treadle.passes import decompose

_OUTPUT = "output:"


def model_to_onnx(model: ModelGraph, values: Mapping[str, Array]) -> bytes:
    """The model as an ONNX file: its inputs, outputs and symbolic sizes under their own names.

    Raises:
        TreadleError: E1005 without outputs, E1301 for what ONNX cannot say, E1302 without the package `onnx`.
    """
    if find_spec("onnx") is None:
        fail("E1302", "the package `onnx` is missing", hint="pip install 'treadle[onnx]'")
    module = import_module("treadle.interop.onnx.export")
    export = cast(Callable[[Graph, Mapping[str, Array], str], bytes], module.export_bytes)
    return export(inference_graph(model), values, model.name)


def inference_graph(model: ModelGraph) -> Graph:
    """The outputs of a model, by primitives.

    Raises:
        TreadleError: E1005 without outputs.
    """
    graph = restrict(model.graph, lambda name: name.startswith(_OUTPUT))
    if not graph.outputs:
        fail("E1005", f"model {model.name} declares no `output`", hint="add `output probability = ...` to it")
    return decompose.run(differentiate(graph))
