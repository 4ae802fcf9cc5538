"""Comparisons and logic."""

from __future__ import annotations

from ..call import Call, Translator


def _operator(symbol: str) -> Translator:
    return lambda call: f"{call['input']} {symbol} {call['other']}"


def _logic(template: str) -> Translator:
    """Logic takes numbers too: what is not 0 is true."""

    def translate(call: Call) -> str:
        sides = [_truth(call, name) for name in ("input", "other")]
        return template.format(*sides)

    return translate


def _truth(call: Call, name: str) -> str:
    given = call[name]
    is_bool = call.is_tensor(name) and call.tensor(name).dtype.kind == "b"
    return given if is_bool else f"({given} != 0)"


OPS: dict[str, Translator] = {
    "eq": _operator("=="),
    "ne": _operator("!="),
    "lt": _operator("<"),
    "le": _operator("<="),
    "gt": _operator(">"),
    "ge": _operator(">="),
    "logical_and": _logic("{} and {}"),
    "logical_or": _logic("{} or {}"),
    "logical_xor": _logic("{} != {}"),
}
