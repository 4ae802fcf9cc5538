"""Reductions, norms and running totals."""

from __future__ import annotations

from typing import Any

from ..call import Call, Translator, text


def _axis(call: Call) -> str:
    """The axes: a number without axes has none, whatever is asked for."""
    dims = _dims(call)
    if dims is None or isinstance(dims, bool) or not call.shape("input"):
        return "none"
    return text(dims)


def _dims(call: Call) -> Any:
    """`dim`, or the second argument, which some samples misname."""
    if "dim" in call or len(call.positional) < 2:
        return call.value("dim")
    return call.positional[1]


def _options(call: Call) -> str:
    return f"axis = {_axis(call)}{call.keywords(keepdims='keepdim')}"


def _reduction(name: str) -> Translator:
    return lambda call: f"{name}({call['input']}, {_options(call)})"


def _extreme(word: str) -> Translator:
    """Of everything, equal ones share the gradient; along an axis the first gets it, and is told."""

    def translate(call: Call) -> str | list[str]:
        x = call["input"]
        if "dim" not in call:
            return f"a{word}({x})"
        if not call.shape("input"):
            return [x, "cast(0, i64)"]
        return [f"{word}({x}, {_options(call)})", f"arg{word}({x}, {_options(call)})"]

    return translate


def _position(name: str) -> Translator:
    def translate(call: Call) -> str:
        if "dim" in call and call.shape("input"):
            return f"{name}({call['input']}, {_options(call)})"
        return f"{name}({call['input']}, axis = none)"

    return translate


def _spread(name: str) -> Translator:
    """`unbiased`, also as the second argument, is a correction of 1, which is the default."""

    def translate(call: Call) -> str:
        unbiased = call.arguments.get("unbiased", call.arguments.get("dim"))
        correction = text(call.arguments.get("correction", unbiased if isinstance(unbiased, bool) else 1))
        correction = {"true": "1", "false": "0"}.get(correction, correction)
        return f"{name}({call['input']}, {_options(call)}, correction = {correction})"

    return translate


def _running(name: str, *, results: int = 1) -> Translator:
    def translate(call: Call) -> str | list[str]:
        x, axis = call["input"], _axis(call)
        if call.shape("input"):
            return f"{name}({x}, axis = {axis})"
        return x if results == 1 else [x, "cast(0, i64)"]

    return translate


def _vector_norm(call: Call) -> str:
    return f"norm({call['input']}, {_options(call)}{call.keywords(power='ord')})"


OPS: dict[str, Translator] = {
    **{name: _reduction(name) for name in ("sum", "mean", "amax", "amin", "prod", "all", "any")},
    "logsumexp": _reduction("log_sum_exp"),
    "argmax": _position("argmax"),
    "argmin": _position("argmin"),
    "var": _spread("variance"),
    "std": _spread("deviation"),
    "max": _extreme("max"),
    "min": _extreme("min"),
    "cumsum": _running("cumsum"),
    "cumprod": _running("cumprod"),
    "logcumsumexp": _running("log_cumsum_exp"),
    "cummax": _running("cummax", results=2),
    "cummin": _running("cummin", results=2),
    "linalg.vector_norm": _vector_norm,
}
