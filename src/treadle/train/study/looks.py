"""What a network sees and answers: decision regions, saliency, activations, pictures of weights.

Input: a model with the values of its leaves, a batch. Output: arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from treadle.backends.protocol import Array
from treadle.driver import Program, compile_programs, restrict
from treadle.frontend.result import ModelGraph
from treadle.ir import Builder, Graph, rewrite
from treadle.train.evaluation import run_program

_KEY = (0, 0)
_MARGIN = 0.1  # of the range of the data, around it


@dataclass(frozen=True)
class Network:
    """A model with its values, and what it runs on."""

    model: ModelGraph
    leaves: Mapping[str, Array]
    device: str = "cpu"
    threads: int | None = None

    def run(self, graph: Graph, inputs: Mapping[str, Array], sizes: Mapping[str, int]) -> dict[str, Array]:
        """The outputs of a graph over the model's leaves."""
        session = compile_programs({"look": Program(graph, sizes)}, self.device, self.threads)
        for name in graph.leaves():
            session.write(name, self.leaves[name])
        return run_program(session, "look", frozenset(graph.inputs), inputs, key=_KEY, step=0)


@dataclass(frozen=True)
class Regions:
    """Answers [rows, columns] over a rectangle of a plane; classes are integers."""

    x: Array
    y: Array
    answers: Array


def decision_regions(network: Network, points: Array, resolution: int = 120) -> Regions | None:
    """The answers of a model of two features around its data; None for any other model."""
    model = network.model
    types = [model.graph.inputs[name].type for name in model.inputs]
    outputs = [name for name in model.graph.outputs if name.startswith("output:")]
    if len(types) != 1 or types[0].rank != 2 or points.shape[1:] != (2,) or not outputs:
        return None
    low, high = points.min(axis=0), points.max(axis=0)
    margin = _MARGIN * (high - low)
    x, y = (np.linspace(low[k] - margin[k], high[k] + margin[k], resolution) for k in (0, 1))
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype(points.dtype)
    graph = restrict(model.graph, lambda name: name == outputs[0])
    sizes = dict.fromkeys(graph.symbols(), len(grid))
    (found,) = network.run(graph, {model.inputs[0]: grid}, sizes).values()
    if found.ndim == 2 and found.shape[1] > 1:
        found = found.argmax(axis=1)
    return Regions(x, y, found.reshape(resolution, resolution))


def saliency(network: Network, batch: Mapping[str, Array], sizes: Mapping[str, int]) -> dict[str, Array]:
    """How strongly the loss depends on each element of the float inputs: |d loss / d input|, by input."""
    graph = rewrite(
        restrict(network.model.graph, lambda name: name == "loss"), lambda _builder, _node, _inputs: None
    )
    builder, loss = Builder(graph), graph.outputs["loss"]
    wanted = [name for name in network.model.inputs if name in graph.inputs]
    floats = [name for name in wanted if graph.inputs[name].type.dtype.is_float]
    reached = graph.ancestors([loss])
    graph.outputs = {
        name: builder.apply("grad", loss, graph.inputs[name])
        for name in floats
        if graph.inputs[name].id in reached
    }
    return {name: np.abs(array) for name, array in network.run(graph, batch, sizes).items()} if floats else {}


def activations(network: Network, batch: Mapping[str, Array], sizes: Mapping[str, int]) -> dict[str, Array]:
    """The results of all convolutions of images, by layer: [N, channels, height, width]."""
    graph = rewrite(network.model.graph, lambda _builder, _node, _inputs: None)
    found = [node for node in graph if node.op == "conv" and node.type.rank == 4]
    graph.updates.clear()
    graph.outputs = {f"{node.scope or 'conv'}": node for node in found}
    kept = restrict(graph, lambda _name: True)
    return network.run(kept, batch, sizes) if found else {}


def weight_pictures(leaves: Mapping[str, Array], names: Sequence[str]) -> dict[str, Array]:
    """Weights as pictures: matrices as they are, filters of convolutions [units, height, width], by name."""
    pictures = {}
    for name in names:
        value = np.asarray(leaves[name])
        if value.ndim == 2:
            pictures[name] = value[None]
        elif value.ndim == 4:
            pictures[name] = value.reshape(-1, *value.shape[2:])
    return pictures
