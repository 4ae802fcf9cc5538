"""Operators: recurrent layers, `RNN`, `LSTM` and `GRU`, as cells of the library's `run_cell`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.operators.recurrent_layers import fitting_layers, zero_state
from treadle.interop.onnx.importing.registry import operator
from treadle.interop.onnx.importing.terms import Term, call, function, name
from treadle.types import DimLike

_X, _H, _C = name("x"), name("h"), name("c")
Cell = Callable[["Direction"], Term]


@dataclass(frozen=True)
class Direction:
    """One direction of a recurrent operator.

    Attributes:
        number: its place among the directions.
        hidden: the size of the state.
        W: weights of the input, [gates hidden, inputs], R: those of the state; biases of both, or None.
        activations: functions from preactivations.
    """

    node: Node
    number: int
    hidden: int
    W: Term
    R: Term
    input_bias: Term | None
    state_bias: Term | None
    activations: list[Term]

    def from_input(self) -> Term:
        """`x W^T`, x being the parameter of the cell."""
        return _X @ call("transpose", self.W)

    def preactivation(self) -> Term:
        """`x W^T + h R^T` and the biases."""
        z = self.from_input() + _H @ call("transpose", self.R)
        if self.input_bias is not None:
            z = z + (self.input_bias + self.state_bias)
        return z

    def activation(self, index: int, default: str) -> Term | None:
        """An activation, None if it is the default of the library."""
        found = self.activations[index] if index < len(self.activations) else name(default)
        return None if found.expr == name(default).expr else found


@operator("RNN")
def rnn(node: Node) -> Any:
    """h = f(x W^T + h R^T + b)."""
    return _recurrent(node, 1, _rnn_cell, ["Tanh"])


def _rnn_cell(way: Direction) -> Term:
    return function("x h", way.activations[0](way.preactivation()))


@operator("LSTM")
def lstm(node: Node) -> Any:
    """Gates in the order i, o, f, c, perhaps with peepholes; the states h and c."""
    return _recurrent(node, 4, _lstm_cell, ["Sigmoid", "Tanh", "Tanh"], states=2)


def _lstm_cell(way: Direction) -> Term:
    body = call(
        "peephole_step",
        way.preactivation(),
        _C,
        peep=way.node[7][way.number] if way.node.has(7) else None,
        gate=way.activation(0, "sigmoid"),
        inner=way.activation(1, "tanh"),
        outer=way.activation(2, "tanh"),
        coupled=True if way.node.flag("input_forget") else None,
    )
    return function("x h c", body)


@operator("GRU")
def gru(node: Node) -> Any:
    """Gates in the order z, r, h."""
    return _recurrent(node, 3, _gru_cell, ["Sigmoid", "Tanh"])


def _gru_cell(way: Direction) -> Term:
    u = way.from_input()
    if way.input_bias is not None:
        u = u + way.input_bias
    state_bias = call("full", [3 * way.hidden], 0) if way.state_bias is None else way.state_bias
    body = call(
        "reset_step",
        u,
        _H,
        call("transpose", way.R),
        state_bias,
        linear=True if way.node.flag("linear_before_reset") else None,
        gate=way.activation(0, "sigmoid"),
        inner=way.activation(1, "tanh"),
    )
    return function("x h", body)


def _recurrent(node: Node, gates: int, cell: Cell, defaults: Sequence[str], states: int = 1) -> list[Term]:
    """The results: outputs of all steps, and the last states."""
    batch_first = node.flag("layout")
    x = node[0] if batch_first else node.let(call("swap_axes", node[0], 0, 1))
    layers = fitting_layers(node, gates)
    if layers is not None:
        sides = [node.layer(built, weights, x) for built, weights in layers]
        ends = [side[:, 0 if _reversed(node, number) else -1] for number, side in enumerate(sides)]
        return [_outputs(sides, batch_first), call("stack", *ends, axis=1 if batch_first else 0)]
    batch: DimLike = node.shape(0)[0 if batch_first else 1]
    sides, lasts = [], []
    for way in _directions(node, gates, defaults):
        start = [_start(node, 5 + state, way, batch, batch_first) for state in range(states)]
        lengths = node[4] if node.has(4) else None
        run = call(
            "run_cell", cell(way), x, start, lengths=lengths, backward=_reversed(node, way.number) or None
        )
        y, last = _parts(node, run)
        sides.append(y)
        lasts.append(last)
    return [_outputs(sides, batch_first), *(_last(lasts, state, batch_first) for state in range(states))]


def _parts(node: Node, run: Term) -> list[Term]:
    names = node.importer.expansion.names
    return node.importer.expansion.let_all(run, [names.fresh("steps"), names.fresh("last")])


def _reversed(node: Node, number: int) -> bool:
    return node.text("direction", "forward") == "reverse" or number == 1


def _start(node: Node, index: int, way: Direction, batch: DimLike, batch_first: bool) -> Term:
    if not node.has(index) or zero_state(node, index):
        return call("full", [batch, way.hidden], 0, None if node.dtype(0).value == "f32" else node.dtype(0))
    return node[index][:, way.number] if batch_first else node[index][way.number]


def _outputs(sides: list[Term], batch_first: bool) -> Term:
    """[N, T, H] of each direction as [T, directions, N, H], or [N, T, directions, H]."""
    if batch_first:
        return call("stack", *sides, axis=2)
    return call("stack", *[call("swap_axes", side, 0, 1) for side in sides], axis=1)


def _last(lasts: list[Term], state: int, batch_first: bool) -> Term:
    """[N, H] of each direction as [directions, N, H], or [N, directions, H]."""
    return call("stack", *[last[state] for last in lasts], axis=1 if batch_first else 0)


def _directions(node: Node, gates: int, defaults: Sequence[str]) -> Iterator[Direction]:
    count, hidden = node.shape(1)[0], node.shape(2)[2]
    if not (isinstance(count, int) and isinstance(hidden, int)):
        node.refuse("weights of a size that is known by name only")
    functions = _activations(node, count, defaults)
    middle = gates * hidden
    for number in range(count):
        bias = node[3][number] if node.has(3) else None
        yield Direction(
            node,
            number,
            hidden,
            node[1][number],
            node[2][number],
            None if bias is None else node[3][number, :middle],
            None if bias is None else node[3][number, middle:],
            functions[number * len(defaults) : (number + 1) * len(defaults)],
        )


_PLAIN = {
    "Tanh": "tanh",
    "Sigmoid": "sigmoid",
    "Relu": "relu",
    "Softsign": "softsign",
    "Softplus": "softplus",
}
_WITH_ALPHA = {"LeakyRelu": ("leaky_relu", 0.01), "ThresholdedRelu": ("threshold", 1.0), "Elu": ("elu", 1.0)}
_WITH_BOTH = {"Affine": (1.0, 0.0), "ScaledTanh": (1.0, 1.0), "HardSigmoid": (0.2, 0.5)}


def _activations(node: Node, directions: int, defaults: Sequence[str]) -> list[Term]:
    """The activations of all directions; alphas and betas go to those that take them, in their order."""
    listed = [text.decode() for text in node.attribute("activations", [])] or [*defaults] * directions
    alphas, betas = iter(node.floats("activation_alpha", [])), iter(node.floats("activation_beta", []))
    limit = node.float("clip", None)
    return [_limited(_activation(node, text, alphas, betas), limit) for text in listed]


def _activation(node: Node, text: str, alphas: Iterator[float], betas: Iterator[float]) -> Term:
    v = name("v")
    if text in _PLAIN:
        return name(_PLAIN[text])
    if text in _WITH_ALPHA:
        ours, default = _WITH_ALPHA[text]
        more = [0] if ours == "threshold" else []
        return function("v", call(ours, v, next(alphas, default), *more))
    if text not in _WITH_BOTH:
        node.refuse(f"the activation {text}")
    alpha, beta = next(alphas, _WITH_BOTH[text][0]), next(betas, _WITH_BOTH[text][1])
    if text == "ScaledTanh":
        return function("v", alpha * call("tanh", beta * v))
    line = alpha * v + beta
    return function("v", line if text == "Affine" else call("clip", line, 0.0, 1.0))


def _limited(activation: Term, limit: float | None) -> Term:
    if limit is None:
        return activation
    return function("v", activation(call("clip", name("v"), -limit, limit)))
