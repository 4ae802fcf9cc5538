"""Activation functions."""

from __future__ import annotations

from ..call import Call, Translator, function


def _prelu(call: Call) -> str:
    """A slope per channel, which is axis 1; one slope goes with everything."""
    rank, slopes = len(call.shape("input")), call.tensor("weight").size
    shape = [slopes] + [1] * (rank - 2) if rank >= 2 else [1] * rank
    return f"leaky_relu({call['input']}, slope = reshape({call['weight']}, {shape}))"


def _gelu(call: Call) -> str:
    return (
        f"gelu({call['input']}, approximate = {'true' if call.value('approximate') == 'tanh' else 'false'})"
    )


def _softplus(call: Call) -> str:
    """There, the threshold has a default."""
    threshold = call.get("threshold", 20.0)
    return f"softplus({call['input']}{call.keywords(beta='beta')}, threshold = {threshold})"


_PLAIN = {
    "relu": "relu",
    "relu6": "relu6",
    "selu": "selu",
    "silu": "silu",
    "softsign": "softsign",
    "mish": "mish",
    "hardsigmoid": "hard_sigmoid",
    "hardswish": "hard_swish",
    "logsigmoid": "log_sigmoid",
    "tanhshrink": "tanh_shrink",
}
_OTHERS: dict[str, Translator] = {
    "leaky_relu": function("leaky_relu", "input", slope="negative_slope"),
    "elu": function("elu", "input", alpha="alpha"),
    "celu": function("celu", "input", alpha="alpha"),
    "gelu": _gelu,
    "softplus": _softplus,
    "hardtanh": function("hard_tanh", "input", low="min_val", high="max_val"),
    "hardshrink": function("hard_shrink", "input", width="lambd"),
    "softshrink": function("soft_shrink", "input", width="lambd"),
    "threshold": function("threshold", "input", "threshold", "value"),
    "prelu": _prelu,
    "glu": function("glu", "input", axis="dim"),
}
_ALL = {name: function(ours, "input") for name, ours in _PLAIN.items()} | _OTHERS
OPS: dict[str, Translator] = {f"nn.functional.{name}": translate for name, translate in _ALL.items()}
