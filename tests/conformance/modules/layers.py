"""Runs the cases of single modules: results, gradients, and what training leaves in the states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from treadle.backends.protocol import Session
from treadle.frontend.load import load_text
from treadle.ir import Builder, Graph

from ..cases import Array
from ..compare import difference
from ..pipeline import in_training, in_width, prefixed, run
from .said import Module, Said, spec_of
from .tables import SAYERS

BUFFERS = {"running_mean": "f.running_mean", "running_var": "f.running_var", "num_batches_tracked": "f.steps"}


@dataclass(frozen=True)
class Bounds:
    """How far results may be off, relative to max(1, largest entry)."""

    values: float
    gradients: float


BOUNDS = {"f64": Bounds(1e-9, 1e-7), "f32": Bounds(1e-5, 1e-4)}


@dataclass
class Layer:
    """A case of one module, with the graphs that a backend compiles, by program name."""

    module: Module
    said: Said
    dtype: str
    graphs: dict[str, Graph] = field(default_factory=dict)

    def problems(self, session: Session) -> Iterator[str]:
        """What differs, call by call."""
        self._write(session)
        for number, call in enumerate(self.module.calls):
            for problem in self._differences(session, self.module.id, call):
                yield f"call {number}: {problem}"
        if "eval" in self.module.entry:
            for problem in self._differences(session, f"{self.module.id}:eval", self.module.entry["eval"]):
                yield f"evaluation: {problem}"

    def _write(self, session: Session) -> None:
        params = self.module.group("params")
        for path, chosen in self.said.leaves.items():
            session.write(self._named(path), chosen.value(params))
        for name, array in self.module.group("buffers").items():
            if self._is_state(name):
                session.write(self._named(BUFFERS[name]), array)

    def _named(self, path: str) -> str:
        return f"{self.module.id}/{path}"

    def _is_state(self, buffer: str) -> bool:
        """Ours count steps only where they need to."""
        return self._named(BUFFERS[buffer]) in self.graphs[self.module.id].states

    def _differences(self, session: Session, program: str, call: Mapping[str, Any]) -> Iterator[str]:
        given = {f"in_{name}": array for name, array in self.module.arrays(call["in"]).items()}
        given |= {f"cot_{name}": array for name, array in self.module.arrays(call["cot"]).items()}
        found = run(session, program, self.graphs[program], given)
        bounds = BOUNDS[self.dtype]
        for name, expected in self.module.arrays(call["out"]).items():
            yield from unlike(name, found[f"output:out_{name}"], expected, bounds.values)
        for name, expected in self._gradients(call):
            yield from unlike(f"gradient of {name}", found[f"grad:{name}"], expected, bounds.gradients)
        for name, expected in self.module.arrays(call.get("buffers_after")).items():
            if self._is_state(name):
                state = session.read(self._named(BUFFERS[name]))
                yield from unlike(name, state, expected.astype(np.float64), bounds.values)

    def _gradients(self, call: Mapping[str, Any]) -> Iterator[tuple[str, Array]]:
        """Names of ours, and what their gradients must be."""
        gradients = self.module.arrays(call.get("grad_param"))
        for path, chosen in self.said.leaves.items():
            yield from ((path, expected) for expected in chosen.gradients(gradients))
        for name, expected in self.module.arrays(call.get("grad_in")).items():
            yield f"in_{name}", expected


def unlike(name: str, found: Array, expected: Array, bound: float) -> Iterator[str]:
    """What is wrong with a result, if anything."""
    problem = difference(name, found, expected, bound)
    if problem:
        yield problem


def prepare(module: Module, dtype: str) -> Layer:
    """The graph of a training call, and of one in evaluation where the case has it.

    Raises:
        ValueError: when leaves of ours get no numbers, or numbers have no leaf.
        TreadleError: when the pipeline refuses the spec.
    """
    said = SAYERS[module.kind](module)
    first = module.calls[0]
    text = spec_of(said, module.arrays(first["in"]), module.arrays(first["cot"]))
    model = in_training(text, "Case")
    check_leaves({name for name, leaf in model.leaves.items() if leaf.kind == "param"}, said, module)
    graphs = {module.id: model.graph}
    if "eval" in module.entry:
        graphs[f"{module.id}:eval"] = load_text(text, "case.tdl").models["Case"].graph
    wanted = [*said.leaves, *(f"in_{name}" for name in module.arrays(first.get("grad_in")))]
    ready = {
        name: in_width(prefixed(with_gradients(graph, "output:weighed", wanted), f"{module.id}/"), dtype)
        for name, graph in graphs.items()
    }
    return Layer(module, said, dtype, ready)


def check_leaves(ours: set[str], said: Said, module: Module) -> None:
    """Every leaf of ours has its numbers, and every parameter of theirs is used.

    Raises:
        ValueError: when that is not so.
    """
    used = {name for chosen in said.leaves.values() for name in chosen.names}
    odd = ours ^ set(said.leaves) | used ^ set(module.entry["params"])
    if odd:
        raise ValueError(f"of one side only: {sorted(odd)}")


def with_gradients(graph: Graph, top: str, wanted: Sequence[str]) -> Graph:
    """With the derivatives of the output `top` in leaves and inputs as outputs `grad:NAME`."""
    builder = Builder(graph)
    for name in wanted:
        by = graph.params[name] if name in graph.params else graph.inputs[name]
        graph.outputs[f"grad:{name}"] = builder.apply("grad", graph.outputs[top], by)
    return graph
