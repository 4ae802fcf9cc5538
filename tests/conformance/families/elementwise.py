"""Elementwise functions and arithmetic."""

from __future__ import annotations

from ..call import Call, Translator, function


def _scaled_sum(symbol: str) -> Translator:
    def translate(call: Call) -> str:
        scale = f"{call['alpha']} * " if "alpha" in call else ""
        return f"{call['input']} {symbol} {scale}{call['other']}"

    return translate


def _div(call: Call) -> str:
    quotient = f"({call['input']} / {call['other']})"
    mode = call.value("rounding_mode")
    return quotient if mode is None else f"{mode}{quotient}"


def _round(call: Call) -> str:
    return f"round({call['input']}{call.keywords(decimals='decimals')})"


_UNARY = """
abs exp exp2 expm1 log log1p log2 log10 sqrt rsqrt reciprocal square sin cos tan asin acos atan sinh cosh tanh
asinh acosh atanh sigmoid erf erfc sign floor ceil trunc frac sinc lgamma digamma
"""
_BINARY = "maximum minimum atan2 hypot logaddexp fmod"

OPS: dict[str, Translator] = {
    **{name: function(name, "input") for name in _UNARY.split()},
    **{name: function(name, "input", "other") for name in _BINARY.split()},
    "neg": lambda call: f"-{call['input']}",
    "round": _round,
    "logit": function("logit", "input", eps="eps"),
    "add": _scaled_sum("+"),
    "sub": _scaled_sum("-"),
    "mul": lambda call: f"{call['input']} * {call['other']}",
    "div": _div,
    "remainder": lambda call: f"{call['input']} % {call['other']}",
    "pow": lambda call: f"{call['input']} ^ {call['exponent']}",
    "where": function("where", "condition", "x", "y"),
    "clamp": function("clip", "input", low="min", high="max"),
    "addcmul": function("addcmul", "input", "tensor1", "tensor2", scale="value"),
    "addcdiv": function("addcdiv", "input", "tensor1", "tensor2", scale="value"),
    "lerp": function("lerp", "input", "end", "weight"),
}
