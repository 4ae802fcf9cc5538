"""Runs specs on the reference backend: the judge of tests of elaboration and of the library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from treadle.autodiff import expand
from treadle.backends.numpy_ref import NumpyBackend, evaluate
from treadle.errors import TreadleError
from treadle.frontend.load import load_text
from treadle.frontend.result import Checked, ModelGraph, TrainPlan
from treadle.ir import RNG_INPUT, STEP_INPUT, Graph, bind

Values = Mapping[str, Any]


def model(body: str, before: str = "") -> ModelGraph:
    """The model with this body."""
    return load_text(f"{before}\nmodel M {{\n{body}\n}}\n").models["M"]


def codes(text: str) -> list[str]:
    """The codes of what is wrong in a spec."""
    try:
        load_text(text)
    except TreadleError as error:
        return [diagnostic.code for diagnostic in error.diagnostics]
    return []


def run_model(found: ModelGraph, inputs: Values, leaves: Values | None = None) -> dict[str, Any]:
    """The outputs of a model; leaves that are not given have their initial values."""
    sizes = _sizes(found.graph, inputs)
    values = {**initial_values(found.init), **(leaves or {}), **_arrays(found.graph, inputs)}
    return evaluate(expand.run(bind(found.graph, sizes)), values)


def run_body(body: str, inputs: Values | None = None, before: str = "") -> Any:
    """The only output of a model body, whose inputs are declared from the arrays that are given."""
    arrays = {name: np.asarray(value) for name, value in (inputs or {}).items()}
    declared = "\n".join(f"input {name}: {_declaration(array)}" for name, array in arrays.items())
    results = run_model(model(f"{declared}\n{body}", before), arrays)
    (value,) = (value for name, value in results.items() if name.startswith("output:"))
    return value


def run_expression(expression: str, **inputs: Any) -> Any:
    """The value of an expression of inputs."""
    return run_body(f"output result = {expression}", inputs)


def initial_values(init: Graph, seed: int = 0) -> dict[str, Any]:
    """The initial value of every leaf."""
    return evaluate(init, {RNG_INPUT: np.array([seed, 0])})


class Training:
    """Runs the steps of a plan."""

    def __init__(
        self, checked: Checked, name: str | None = None, sizes: Mapping[str, int] | None = None
    ) -> None:
        self.plan: TrainPlan = checked.trains[name or next(iter(checked.trains))]
        bound = {"total_steps": 100, **(sizes or {})}
        self.graphs = {phase.name: bind(expand.run(phase.graph), bound) for phase in self.plan.phases}
        self.session = NumpyBackend().compile(self.graphs)
        for leaf, value in initial_values(self.plan.init, self.plan.seed).items():
            self.session.write(leaf, value)

    def step(self, number: int = 0, phase: str | None = None, **inputs: Any) -> dict[str, Any]:
        """Run one phase once; its outputs."""
        name = phase or self.plan.phases[0].name
        graph = self.graphs[name]
        given = {RNG_INPUT: np.array([self.plan.seed, number]), STEP_INPUT: np.array(number), **inputs}
        return self.session.run(name, {key: value for key, value in given.items() if key in graph.inputs})

    def __getitem__(self, leaf: str) -> Any:
        return self.session.read(leaf)


def train(text: str, **sizes: int) -> Training:
    """The training of the only train block of a spec."""
    return Training(load_text(text), sizes=sizes)


def _declaration(array: np.ndarray[Any, Any]) -> str:
    kind = {"i": "i64", "u": "i64", "b": "bool", "f": "f32"}[array.dtype.kind]
    return f"{kind}[{', '.join(map(str, array.shape))}]"


def _arrays(graph: Graph, inputs: Values) -> dict[str, Any]:
    fixed = {RNG_INPUT: np.array([0, 0]), STEP_INPUT: np.array(0)}
    types = {name: node.type.dtype.numpy_name for name, node in graph.inputs.items()}
    return fixed | {name: np.asarray(value, types[name]) for name, value in inputs.items()}


def _sizes(graph: Graph, inputs: Values) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for name, value in inputs.items():
        for dim, size in zip(graph.inputs[name].type.shape, np.shape(value), strict=True):
            if not isinstance(dim, int) and str(dim) in dim.symbols:
                sizes[str(dim)] = size
    return sizes
