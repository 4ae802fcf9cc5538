"""Schedules as text: from the other framework's names to the library's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .call import text

Settings = Mapping[str, Any]


def schedule_text(entry: Mapping[str, Any]) -> str:
    """The rate of an entry of `schedules`."""
    return _TEXTS[entry["schedule"]](entry["base_lr"], entry["settings"], entry["id"])


def momentum_text(entry: Mapping[str, Any]) -> str:
    """The momentum that moves with the rate; 0 where none does."""
    if "momentum" not in entry:
        return "0.0"
    given = entry["settings"]
    if entry["schedule"] == "OneCycleLR":
        return f"one_cycle_momentum({_cycle(given)})"
    return f"cyclic(0.9, 0.8, {_triangles(given)})"


def _cosine(rate: float, given: Settings, _id: str) -> str:
    return f"cosine({rate}, floor = {given['eta_min']}, total = {given['T_max']}, wave = true)"


def _restarts(rate: float, given: Settings, _id: str) -> str:
    return f"warm_restarts({rate}, {given['T_0']}, floor = {given['eta_min']}, grow = {given['T_mult']})"


def _one_cycle(_rate: float, given: Settings, _id: str) -> str:
    ends = {"start": given.get("div_factor", 25.0), "end": given.get("final_div_factor", 1e4)}
    return f"one_cycle({given['max_lr']}, {_cycle(given)}, start = {ends['start']}, end = {ends['end']})"


def _cycle(given: Settings) -> str:
    line, three = given.get("anneal_strategy") == "linear", bool(given.get("three_phase"))
    part = given.get("pct_start", 0.3)
    return f"part = {part}, total = {given['total_steps']}, line = {text(line)}, three = {text(three)}"


def _linear(rate: float, given: Settings, _id: str) -> str:
    return (
        f"ramp({rate}, {given['total_iters']}, start = {given['start_factor']}, end = {given['end_factor']})"
    )


def _constant(rate: float, given: Settings, _id: str) -> str:
    factor = given["factor"]
    return f"milestones({rate * factor}, [{given['total_iters']}], factor = {1 / factor})"


def _cyclic(_rate: float, given: Settings, _id: str) -> str:
    return f"cyclic({given['base_lr']}, {given['max_lr']}, {_triangles(given)})"


def _triangles(given: Settings) -> str:
    shrink = 0.5 if given["mode"] == "triangular2" else 1.0
    return f"{given['step_size_up']}, shrink = {shrink}, gamma = {given.get('gamma', 1.0)}"


def _plateau(rate: float, given: Settings, _id: str) -> str:
    own = {
        "factor": given["factor"],
        "patience": given["patience"],
        "cooldown": given.get("cooldown", 0),
        "threshold": given.get("threshold", 1e-4),
        "relative": given.get("threshold_mode", "rel") == "rel",
        "rising": given["mode"] == "max",
        "least": given.get("min_lr", 0.0),
        "eps": given.get("eps", 1e-8),
    }
    return f"plateau({rate}, {', '.join(f'{name} = {text(value)}' for name, value in own.items())})(metric)"


def _in_words(_rate: float, _given: Settings, name: str) -> str:
    """Schedules that the data give as formulas."""
    return {
        "warmup_then_cosine": "joined(ramp(0.1, 5, start = 0.01), cosine(0.1, total = 45), 5)",
        "noam": "inverse_sqrt(512, 12, scale = 0.1)",
        "inverse_time": "inverse_time(0.1, 0.05)",
    }[name]


_TEXTS: dict[str, Callable[[float, Settings, str], str]] = {
    "StepLR": lambda rate, given, _id: f"step_decay({rate}, {given['step_size']}, factor = {given['gamma']})",
    "MultiStepLR": lambda rate, given, _id: (
        f"milestones({rate}, {given['milestones']}, factor = {given['gamma']})"
    ),
    "ExponentialLR": lambda rate, given, _id: f"exponential({rate}, {given['gamma']})",
    "CosineAnnealingLR": _cosine,
    "CosineAnnealingWarmRestarts": _restarts,
    "OneCycleLR": _one_cycle,
    "LinearLR": _linear,
    "PolynomialLR": lambda rate, given, _id: (
        f"polynomial({rate}, power = {given['power']}, total = {given['total_iters']})"
    ),
    "ConstantLR": _constant,
    "CyclicLR": _cyclic,
    "SequentialLR": _in_words,
    "LambdaLR": _in_words,
    "ReduceLROnPlateau": _plateau,
}
