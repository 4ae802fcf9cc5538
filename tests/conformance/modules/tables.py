"""How each module is said: by the class of theirs, a function from the case to the model's lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..call import text
from .attending import ATTENDING
from .recurrent import RECURRENT
from .said import Module, Pick, Said, pick, turned

Sayer = Callable[[Module], Said]


def _weights(path: str, names: dict[str, str], module: Module) -> dict[str, Pick]:
    """Leaves `path.ours` from parameters of theirs that the case has."""
    return {
        f"{path}.{ours}": pick(theirs) for ours, theirs in names.items() if theirs in module.entry["params"]
    }


def _convolution(name: str, axes: int) -> Sayer:
    def say(module: Module) -> Said:
        given = module.config
        channels, settings = given["out_channels"], _settings(given)
        image = "in_input"
        if "padding_mode" in given:
            width = given["padding"]
            places = list(range(2, 2 + axes))
            image = (
                f'pad_edges(in_input, {width}, {width}, axis = {places}, mode = "{given["padding_mode"]}")'
            )
            settings = ""
        kernel = text(given["kernel_size"])
        lines = [
            f"f = {name}({channels}, kernel = {kernel}{settings}, bias = {text(given.get('bias', True))})"
        ]
        return Said(lines, {"output": f"f({image})"}, _weights("f", {"W": "weight", "b": "bias"}, module))

    return say


_RENAMED = {"output_padding": "extra"}


def _settings(given: Any) -> str:
    known = ("stride", "padding", "output_padding", "dilation", "groups")
    return "".join(f", {_RENAMED.get(key, key)} = {text(given[key])}" for key in known if key in given)


def _batch_norm(module: Module) -> Said:
    given = module.config
    settings = [
        f"momentum = {text(given.get('momentum', 0.1))}",
        f"eps = {given.get('eps', 1e-5)}",
        f"affine = {text(given.get('affine', True))}",
        f"running = {text(given.get('track_running_stats', True))}",
    ]
    leaves = _weights("f", {"gamma": "weight", "beta": "bias"}, module)
    return Said([f"f = batch_norm({', '.join(settings)})"], {"output": "f(in_input)"}, leaves)


def _plain(call: str, names: dict[str, str], change: Any = None) -> Sayer:
    """A layer of the library with one input."""

    def say(module: Module) -> Said:
        leaves = _weights("f", names, module)
        if change is not None:
            leaves["f.W"] = pick(names["W"], change=change)
        filled = call.format(**{key: text(value) for key, value in module.config.items()})
        return Said([f"f = {filled}"], {"output": "f(in_input)"}, leaves)

    return say


def _bilinear(module: Module) -> Said:
    """A function of the library, with parameters of the model's own."""
    params = module.group("params")
    lines = [f"param {name}: {list(array.shape)} = 0" for name, array in params.items()]
    result = {"output": "bilinear(in_input1, in_input2, weight, bias)"}
    return Said(lines, result, {name: pick(name) for name in params})


def _embedding(module: Module) -> Said:
    given = module.config
    padding = text(given.get("padding_idx"))
    call = f"embedding({given['num_embeddings']}, {given['embedding_dim']}, padding = {padding})"
    return Said([f"f = {call}"], {"output": "f(in_input)"}, _weights("f", {"table": "weight"}, module))


_SCALED = {"gamma": "weight", "beta": "bias"}

SAYERS: dict[str, Sayer] = {
    **RECURRENT,
    **ATTENDING,
    **{f"Conv{axes}d": _convolution(f"conv{axes}d", axes) for axes in (1, 2, 3)},
    **{f"ConvTranspose{axes}d": _convolution(f"conv_transpose{axes}d", axes) for axes in (1, 2)},
    "BatchNorm1d": _batch_norm,
    "BatchNorm2d": _batch_norm,
    "InstanceNorm2d": _plain("instance_norm(affine = true, running = true)", _SCALED),
    "LayerNorm": _plain("layer_norm()", _SCALED),
    "GroupNorm": _plain("group_norm({num_groups})", _SCALED),
    "RMSNorm": _plain("rms_norm(eps = 2.220446049250313e-16)", {"gamma": "weight"}),
    "Linear": _plain("dense({out_features})", {"W": "weight", "b": "bias"}, turned),
    "Bilinear": _bilinear,
    "PReLU": _plain("prelu()", {"a": "weight"}),
    "Embedding": _embedding,
    "EmbeddingBag": _plain(
        "embedding_bag({num_embeddings}, {embedding_dim}, mode = {mode})", {"table": "weight"}
    ),
}
