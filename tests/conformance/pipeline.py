"""Specs of the suites beside `ops`: from text to graphs of a width, and sessions with given leaves.

Specs compute in f32, so that a run in f64 changes the element type of the whole graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from treadle.backends.protocol import Session
from treadle.driver import Program, optimise
from treadle.frontend.elaborate.budget import deep_stack
from treadle.frontend.elaborate.model import expand, find_model, model_graph
from treadle.frontend.load import load_text
from treadle.frontend.result import ModelGraph, TrainPlan
from treadle.ir import Builder, Graph, Node, rewrite
from treadle.ir.retype import retype
from treadle.train.length import TOTAL_STEPS
from treadle.train.programs import initial_values
from treadle.types import DType

from .backends import backend_of
from .cases import Array


@dataclass(frozen=True)
class Step:
    """One step of a training as a graph, and the values that its leaves start from."""

    graph: Graph
    initial: Mapping[str, Array]


def train_step(plan: TrainPlan, dtype: str) -> Step:
    """The step graph of a plan with one phase."""
    graph = in_width(plan.phases[0].graph, dtype, {TOTAL_STEPS: plan.steps or 1})
    return Step(graph, initial_values(widened(plan.init, dtype), plan.seed, plan.batch))


def in_training(text: str, name: str) -> ModelGraph:
    """A model of a spec as it is in training; its graph also updates states."""
    module = load_text(text, "case.tdl").module
    owner, definition = find_model(module, name, module.blocks[name].span)
    with deep_stack():
        expanded = expand(owner, definition, (), definition.span, training=True)
    expanded.el.diagnostics.raise_if_errors()
    return model_graph(expanded)


def widened(graph: Graph, dtype: str) -> Graph:
    """The graph in f64 when `dtype` asks for it."""
    return retype(graph, DType.F32, DType.F64) if dtype == "f64" else graph


def in_width(graph: Graph, dtype: str, sizes: Mapping[str, int] | None = None) -> Graph:
    """What a backend compiles: the graph of that width, optimised."""
    return optimise(Program(widened(graph, dtype), sizes or {}))


def session(graphs: Mapping[str, Graph], backend: str) -> Session:
    """All programs compiled together."""
    return backend_of(backend).compile(graphs)


def run(sess: Session, program: str, graph: Graph, given: Mapping[str, Array]) -> dict[str, Array]:
    """Runs a program on those of the given inputs that it reads, in its element types."""
    types = {name: node.type.dtype.numpy_name for name, node in graph.inputs.items()}
    return sess.run(program, {name: np.asarray(given[name]).astype(types[name]) for name in graph.inputs})


def prefixed(graph: Graph, prefix: str) -> Graph:
    """The graph with other names for its leaves, so that many can share a session."""

    def rule(builder: Builder, node: Node, _inputs: tuple[Node, ...]) -> Node | None:
        if node.op not in {"param", "state"}:
            return None
        return builder.apply(node.op, **{**node.attrs, "name": prefix + node.attrs["name"]})

    result = rewrite(graph, rule)
    for ends in ("params", "states", "updates"):
        setattr(result, ends, {prefix + name: node for name, node in getattr(result, ends).items()})
    return result
