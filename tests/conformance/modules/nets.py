"""How the small networks are said: the lines of a model up to its result, and its loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .attending import block_leaves, dense_leaves, norm_leaves
from .said import Module, Pick, Said, pick, turned

CROSS_ENTROPY = "cross_entropy(y, in_y)"


@dataclass(frozen=True)
class Net:
    """A network: how it is said, its loss, and where states stand for buffers of theirs."""

    said: Said
    loss: str = CROSS_ENTROPY
    states: Mapping[str, str] = field(default_factory=dict)


def _conv(path: str, name: str) -> dict[str, Pick]:
    return {f"{path}.W": pick(f"{name}.weight"), f"{path}.b": pick(f"{name}.bias")}


def _mlp(_module: Module) -> Net:
    lines = [
        "a = dense(7)",
        "b = dense(4)",
        "c = dense(3)",
        "y = in_x |> a |> tanh |> b |> sigmoid |> c",
    ]
    leaves = dense_leaves("a", "0") | dense_leaves("b", "2") | dense_leaves("c", "4")
    return Net(Said(lines, {"output": "y"}, leaves))


def _lenet(_module: Module) -> Net:
    lines = [
        "a = conv2d(3, padding = 1)",
        "b = conv2d(4)",
        "c = dense(5)",
        "d = dense(3)",
        "h = in_x |> a |> relu |> max_pool2d(2) |> b |> relu |> avg_pool2d(2)",
        "y = flatten(h) |> c |> relu |> d",
    ]
    leaves = _conv("a", "0") | _conv("b", "3") | dense_leaves("c", "7") | dense_leaves("d", "9")
    return Net(Said(lines, {"output": "y"}, leaves))


def _residual(module: Module) -> Net:
    lines = []
    before, leaves = "in_x", dense_leaves("head", "4")
    for i in range(2):
        stride = 2 - i  # the first block halves the image
        lines += [f"first{i} = conv2d(4, stride = {stride}, padding = 1, bias = false)"]
        lines += [f"second{i} = conv2d(4, padding = 1, bias = false)"]
        lines += [f"{part}{i} = batch_norm()" for part in ("norm", "other")]
        lines += [f"h{i} = {before} |> first{i} |> norm{i} |> relu |> second{i} |> other{i}"]
        leaves |= {f"first{i}.W": pick(f"{i}.conv1.weight"), f"second{i}.W": pick(f"{i}.conv2.weight")}
        leaves |= norm_leaves(f"norm{i}", f"{i}.bn1") | norm_leaves(f"other{i}", f"{i}.bn2")
        if i == 0:
            lines += ["down = conv2d(4, kernel = 1, stride = 2, bias = false)", "side = batch_norm()"]
            leaves |= {"down.W": pick("0.down.0.weight")} | norm_leaves("side", "0.down.1")
            before = "(in_x |> down |> side)"
        lines += [f"r{i} = relu(h{i} + {before})"]
        before = f"r{i}"
    lines += ["head = dense(3)", f"y = {before} |> global_avg_pool |> head"]
    owners = {"0.bn1": "norm0", "0.bn2": "other0", "0.down.1": "side", "1.bn1": "norm1", "1.bn2": "other1"}
    states = {
        f"{theirs}.{name}": f"{ours}.{name}"
        for theirs, ours in owners.items()
        for name in ("running_mean", "running_var")
    }
    return Net(Said(lines, {"output": "y"}, leaves), states=states)


def _lstm(_module: Module) -> Net:
    lines = [
        "words = embedding(9, 4)",
        "f = lstm(5, second_bias = true)",
        "head = dense(3)",
        "y = f(words(in_x))[:, -1] |> head",
    ]
    leaves = {
        "words.table": pick("embed.weight"),
        "f.U": pick("rnn.weight_ih_l0", change=turned),
        "f.W": pick("rnn.weight_hh_l0", change=turned),
        "f.b": pick("rnn.bias_ih_l0"),
        "f.d": pick("rnn.bias_hh_l0"),
    }
    return Net(Said(lines, {"output": "y"}, leaves | dense_leaves("head", "head")))


def _char_lm(module: Module) -> Net:
    lines = [
        "words = embedding(7, 8)",
        "places = learned_positions()",
        "block = transformer_block(2, 16, causal = true)",
        "norm = layer_norm()",
        "y = (in_x |> words |> places |> block |> norm) @ transpose(words.table)",
    ]
    leaves = {"words.table": pick("tok.weight"), "places.table": pick("pos")}
    leaves |= block_leaves("block", "block.", module) | norm_leaves("norm", "norm")
    return Net(Said(lines, {"output": "transpose(y, [0, 2, 1])"}, leaves))


def _gcn(_module: Module) -> Net:
    lines = [f"param {name}: [{shape}] = 0" for name, shape in _GCN.items()]
    lines += ["y = in_a @ (relu(in_a @ (in_x @ w1) + b1) @ w2) + b2"]
    return Net(Said(lines, {"output": "y"}, {name: pick(name) for name in _GCN}))


_GCN = {"w1": "4, 6", "b1": "6", "w2": "6, 3", "b2": "3"}


def _autoencoder(_module: Module) -> Net:
    lines = [
        "a = conv2d(2, stride = 2, padding = 1)",
        "b = conv_transpose2d(1, stride = 2, padding = 1, extra = 1)",
        "y = in_x |> a |> (fn(h) = leaky_relu(h, slope = 0.1))",
        "z = sigmoid(b(y))",
    ]
    said = Said(lines, {"output": "z"}, _conv("a", "0") | _conv("b", "2"))
    return Net(said, loss="bce(z, in_y)")


NETS = {
    "net/mlp": _mlp,
    "net/lenet": _lenet,
    "net/residual": _residual,
    "net/lstm_classifier": _lstm,
    "net/char_lm": _char_lm,
    "net/gcn": _gcn,
    "net/autoencoder": _autoencoder,
}
