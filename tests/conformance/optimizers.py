"""Optimizers and settings of a training as text: from the other framework's names to the library's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Settings = Mapping[str, Any]

RENAMED = {
    "lambd": "decay",
    "initial_accumulator_value": "start",
    "momentum_decay": "psi",
    "decoupled_weight_decay": "decoupled",
    "t0": "from",
    "history_size": "history",
}
_PAIRS = {"betas": ("beta1", "beta2"), "etas": ("shrink", "grow"), "step_sizes": ("smallest", "largest")}
_UNSAID = {"maximize", "max_iter"}  # a sign of the loss; one evaluation per step


def optimizer_text(name: str, settings: Settings) -> str:
    """`Adam` and its settings as a call of `adam`."""
    given: dict[str, Any] = {}
    for key, value in settings.items():
        if key in _PAIRS:
            given |= dict(zip(_PAIRS[key], value, strict=True))
        elif key not in _UNSAID:
            given[RENAMED.get(key, key)] = value
    given = _OWN.get(name, dict)(given)
    return f"{name.lower()}({', '.join(f'{key} = {_text(value)}' for key, value in given.items())})"


def _asgd(given: dict[str, Any]) -> dict[str, Any]:
    """There, alpha is the power of the falling rate."""
    return {"power" if key == "alpha" else key: value for key, value in given.items()}


def _adafactor(given: dict[str, Any]) -> dict[str, Any]:
    """There, eps is by default the smallest difference of the element type."""
    return {"eps": 2.220446049250313e-16, **given}


_OWN: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {"ASGD": _asgd, "Adafactor": _adafactor}

COMBINED = {
    "two_groups": "optimizer adam(0.1, weight_decay = 0.1) over w\n  optimizer adam(0.05)",
    "sgd_step_lr": "optimizer sgd(lr = step_decay(0.1, every = 5, factor = 0.5), momentum = 0.9)",
    "adamw_cosine": "optimizer adamw(lr = cosine(0.05, total = 20), weight_decay = 0.1)",
    "clip_norm": "optimizer sgd(0.1)   clip global_norm(1.0, eps = 1e-6)",
    "clip_norm_inf": "optimizer sgd(0.1)   clip global_norm(0.5, power = inf, eps = 1e-6)",
    "clip_value": "optimizer sgd(0.1)   clip by_value(0.5)",
    "ema": "optimizer sgd(0.1)   ema 0.9",
}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
