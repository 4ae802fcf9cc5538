"""A probe: loss, gradients and Hessian products of a network on one batch, at any weights.

Input: a model, values of its leaves, one batch. Output: numbers and vectors; all trained weights together are
one vector. Non-goals: choosing where to look (`surface`, `curvature`), pictures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from treadle.backends.protocol import Array, Session
from treadle.driver import Program, compile_programs, restrict
from treadle.errors import fail
from treadle.frontend.result import ModelGraph
from treadle.ir import Builder, Graph, Node, rewrite
from treadle.train.evaluation import run_program

Vector = npt.NDArray[np.float64]

_ALONG = "along:"  # inputs of the Hessian product: the vector, parameter by parameter
_KEY = (0, 0)


@dataclass
class Probe:
    """A network on one batch.

    Attributes:
        leaves: the trained values; the loss is asked for around them.
        batch: the inputs and targets of some examples.
        sizes: all symbolic dimensions.
    """

    model: ModelGraph
    leaves: Mapping[str, Array]
    batch: Mapping[str, Array]
    sizes: Mapping[str, int]
    device: str = "cpu"
    threads: int | None = None
    _sessions: dict[str, tuple[Session, frozenset[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if "loss" not in self.model.graph.outputs:
            fail("E1005", f"model {self.model.name} declares no loss to study")
        used = self._loss_graph().params
        self.names = [name for name in used if used[name].type.dtype.is_float]
        self.shapes = [used[name].type.static_shape() for name in self.names]

    @property
    def weights(self) -> Vector:
        """The trained weights as one vector."""
        return self.flat({name: self.leaves[name] for name in self.names})

    def loss(self, weights: Vector) -> float:
        """The loss at some weights."""
        return float(self._run("loss", weights)["loss"])

    def gradients(self) -> dict[str, Array]:
        """The derivative of the loss by each parameter, by name."""
        return self._run("gradient", self.weights)

    def hessian_times(self, vector: Vector) -> Vector:
        """The Hessian of the loss at the trained weights, times a vector."""
        parts = {f"{_ALONG}{name}": part for name, part in self.parts(vector).items()}
        return self.flat(self._run("curvature", self.weights, parts))

    def parts(self, vector: Vector) -> dict[str, Array]:
        """A vector taken apart: an array for each parameter."""
        ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])
        pieces = np.split(vector, ends[:-1])
        return {
            name: piece.reshape(shape).astype(np.float32)
            for name, piece, shape in zip(self.names, pieces, self.shapes, strict=True)
        }

    def flat(self, arrays: Mapping[str, Array]) -> Vector:
        """Arrays for each parameter as one vector."""
        return np.concatenate([np.asarray(arrays[name], np.float64).ravel() for name in self.names])

    def _run(self, what: str, weights: Vector, more: Mapping[str, Array] | None = None) -> dict[str, Array]:
        if what not in self._sessions:
            self._sessions[what] = self._compiled(what)
        session, inputs = self._sessions[what]
        for name, value in self.parts(weights).items():
            session.write(name, value)
        return run_program(session, what, inputs, {**self.batch, **(more or {})}, key=_KEY, step=0)

    def _compiled(self, what: str) -> tuple[Session, frozenset[str]]:
        graph = {
            "loss": self._loss_graph,
            "gradient": self._gradient_graph,
            "curvature": self._curvature_graph,
        }[what]()
        session = compile_programs({what: Program(graph, self.sizes)}, self.device, self.threads)
        for name in graph.leaves():
            session.write(name, self.leaves[name])
        return session, frozenset(graph.inputs)

    def _loss_graph(self) -> Graph:
        return restrict(self.model.graph, lambda name: name == "loss")

    def _gradient_graph(self) -> Graph:
        graph, builder, loss = self._copy()
        graph.outputs = {name: builder.apply("grad", loss, graph.params[name]) for name in self.names}
        return graph

    def _curvature_graph(self) -> Graph:
        """The gradient of (gradient . vector): the Hessian is never made."""
        graph, builder, loss = self._copy()
        product: Node | None = None
        for name in self.names:
            param = graph.params[name]
            along = builder.input(f"{_ALONG}{name}", param.type)
            part = builder.mul(builder.apply("grad", loss, param), along)
            total = builder.apply("sum", part, axes=tuple(range(param.type.rank)), keepdims=False)
            product = total if product is None else builder.add(product, total)
        assert product is not None  # noqa: S101 - a model without parameters has no names
        graph.outputs = {name: builder.apply("grad", product, graph.params[name]) for name in self.names}
        return graph

    def _copy(self) -> tuple[Graph, Builder, Node]:
        graph = rewrite(self._loss_graph(), lambda _builder, _node, _inputs: None)
        return graph, Builder(graph), graph.outputs["loss"]
