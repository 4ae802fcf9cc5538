"""Treadle as a backend for `onnx.backend.test`: a model is imported to a spec, compiled and run.

Inputs that decide about shapes (`shape` of Reshape, `axes` of ReduceSum) become constants: the model is
imported for the values of a run. What cannot be imported raises `unittest.SkipTest` with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from unittest import SkipTest

import numpy as np
from onnx import ModelProto, TensorProto, helper
from onnx.backend.base import Backend, BackendRep

from treadle.driver import Program, compile_programs, restrict
from treadle.errors import TreadleError
from treadle.frontend.load import load_text
from treadle.frontend.result import ModelGraph
from treadle.interop.onnx.importing.elements import HELD
from treadle.interop.onnx.importing.files import inlined
from treadle.interop.onnx.importing.importer import Imported, Wishes, import_model
from treadle.interop.onnx.importing.printing import spec_text
from treadle.interop.onnx.importing.problems import UnknownValueError
from treadle.types import Dim

OUTPUT = "output:"
UNSUPPORTED = "E1304"


class TreadleRep(BackendRep):
    """One model."""

    def __init__(self, model: ModelProto, device: str) -> None:
        self.model = inlined(model)
        self.device = device

    def run(self, inputs: Any, **_kwargs: Any) -> list[Any]:
        """The outputs for a list of inputs.

        Raises:
            SkipTest: with the reason, if the model cannot be imported.
        """
        initialised = {tensor.name for tensor in self.model.graph.initializer}
        names = [info.name for info in self.model.graph.input]
        if len(inputs) != len(names):
            names = [name for name in names if name not in initialised]
        given = dict(zip(names, inputs, strict=False))
        return self._outputs(given)

    def _outputs(self, given: Mapping[str, Any]) -> list[Any]:
        imported = imported_for(self.model, given)
        results = run_spec(
            imported, {imported.inputs[name]: given[name] for name in imported.inputs}, self.device
        )
        infos = self.model.graph.output
        return [_as_declared(results[imported.outputs[info.name]], info.type) for info in infos]


class TreadleBackend(Backend):
    """The backend; subclasses choose another device of Treadle."""

    device = "numpy"

    @classmethod
    def prepare(cls, model: ModelProto, device: str = "CPU", **_kwargs: Any) -> TreadleRep:
        """What runs a model."""
        return TreadleRep(model, cls.device)

    @classmethod
    def run_model(cls, model: ModelProto, inputs: Any, device: str = "CPU", **kwargs: Any) -> list[Any]:
        """The outputs of a model."""
        return cls.prepare(model, device, **kwargs).run(inputs)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """ONNX's word for the processor."""
        return device == "CPU"


class CompiledBackend(TreadleBackend):
    """The same with compiled kernels."""

    device = "cpu"


def imported_for(model: ModelProto, given: Mapping[str, Any]) -> Imported:
    """The model for these inputs: those that shapes depend on become constants.

    Raises:
        SkipTest: when it cannot be imported.
    """
    fixed: dict[str, Any] = {}
    while True:
        try:
            return import_model(model, Wishes(fixed))
        except UnknownValueError as error:
            wanted = error.roots & given.keys() - fixed.keys()
            if not wanted:
                raise SkipTest(_reason(error)) from None
            fixed |= {name: given[name] for name in wanted}
        except TreadleError as error:
            if error.diagnostics[0].code != UNSUPPORTED:
                raise
            raise SkipTest(_reason(error)) from None


def _reason(error: TreadleError) -> str:
    first = error.diagnostics[0]
    return f"{first.code} {first.message}"


def run_spec(imported: Imported, inputs: Mapping[str, Any], device: str) -> dict[str, Any]:
    """The outputs of the spec's text, read again, with the weights of the file."""
    (model,) = load_text(spec_text(imported)).models.values()
    graph = restrict(model.graph, lambda name: name.startswith(OUTPUT))
    session = compile_programs({"run": Program(graph, _sizes(model, inputs))}, device)
    for name in graph.leaves():
        session.write(name, imported.weights[name])
    arrays = {name: _array(inputs[name], node.type.dtype.numpy_name) for name, node in graph.inputs.items()}
    results = session.run("run", arrays)
    return {name.removeprefix(OUTPUT): value for name, value in results.items()}


def _array(value: Any, dtype: str) -> Any:
    return np.array(value, dtype, order="C")


def _sizes(model: ModelGraph, inputs: Mapping[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in model.inputs:
        dims: Sequence[Any] = model.graph.inputs[name].type.shape
        found |= {
            str(dim): size
            for dim, size in zip(dims, np.shape(inputs[name]), strict=True)
            if isinstance(dim, Dim)
        }
    return found


def _as_declared(value: Any, type_: Any) -> Any:
    """bfloat16 lies in float32, small integers in larger ones; other results have their own type."""
    declared = type_.tensor_type.elem_type
    held = HELD[declared].dtype.numpy_name if declared in HELD else None
    if value.dtype == (np.float32 if declared == TensorProto.BFLOAT16 else held):
        return value.astype(helper.tensor_dtype_to_np_dtype(declared))
    return value
