"""Sorting; a number alone is made a vector of one."""

from __future__ import annotations

from ..call import Call, Translator


def _operand(call: Call) -> tuple[str, str]:
    """The tensor with at least one axis, and what takes that axis away again."""
    x = call["input"]
    return (x, "") if call.shape("input") else (f"{x}[none]", "[0]")


def _order(name: str) -> Translator:
    def translate(call: Call) -> str:
        x, back = _operand(call)
        settings = call.keywords(axis="dim", descending="descending")
        return f"{name}({x}{settings}){back}"

    return translate


def _sort(call: Call) -> list[str]:
    return [str(_order(name)(call)) for name in ("sort", "argsort")]


def _top_k(call: Call) -> list[str]:
    x, back = _operand(call)
    name = "smallest" if call.value("largest") is False else "largest"
    found = f"{name}({x}, {call['k']}{call.keywords(axis='dim')})"
    return [f"{found}[{number}]{back}" for number in (0, 1)]


OPS: dict[str, Translator] = {"sort": _sort, "argsort": _order("argsort"), "topk": _top_k}
