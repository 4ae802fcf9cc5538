"""A call of a case as text: what translators ask for the arguments.

`call["dim"]` is the text of an argument, `call.value("dim")` its value; a spec calls tensors `t0`, `t1` ...
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .cases import Array, Case

Translator = Callable[["Call"], str | list[str]]


class SkipError(Exception):
    """A translator cannot say the call in Treadle; the message is the reason."""


class Call:
    """The arguments of a case, by name."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.arguments: dict[str, Any] = dict(zip(case.names, case.args, strict=False)) | case.kw
        self.positional: list[Any] = case.args

    def __contains__(self, name: str) -> bool:
        return self.arguments.get(name) is not None

    def __getitem__(self, name: str) -> str:
        """The text of an argument that is given."""
        return text(self.arguments[name])

    def get(self, name: str, default: Any = None) -> str:
        """The text of an argument, or of its default."""
        return text(self.arguments.get(name, default))

    def value(self, name: str, default: Any = None) -> Any:
        """The compile-time value of an argument; the one of a tensor is its array."""
        return plain(self.arguments.get(name, default), self.case)

    def tensor(self, name: str) -> Array:
        """The array of a tensor argument, for its shape."""
        return self.case.inputs[self.arguments[name]["t"]]

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor argument."""
        return self.tensor(name).shape

    def is_tensor(self, name: str) -> bool:
        """Whether an argument is given and is a tensor."""
        given = self.arguments.get(name)
        return isinstance(given, dict) and "t" in given

    def keywords(self, **renamed: str) -> str:
        """`, ours = value` for each argument that is given; `renamed` maps our names to theirs."""
        given = [(ours, theirs) for ours, theirs in renamed.items() if theirs in self]
        return "".join(f", {ours} = {self[theirs]}" for ours, theirs in given)


def text(value: Any) -> str:
    """A value of a call as an expression."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "none"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list | tuple):
        return f"[{', '.join(text(item) for item in value)}]"
    if isinstance(value, dict):
        return _special(value)
    return repr(value)


def _special(value: dict[str, Any]) -> str:
    ((kind, inner),) = value.items()
    if kind == "t":
        return f"t{inner}"
    if kind == "f":
        return {"inf": "inf", "-inf": "(-inf)"}[inner]
    if kind == "dtype":
        return {"float32": "f32", "float64": "f64", "int64": "i64", "int32": "i32", "bool": "bool"}[inner]
    raise SkipError(f"an argument of the kind {kind}")


def plain(value: Any, case: Case) -> Any:
    """A value of a call as a Python value."""
    if isinstance(value, list):
        return [plain(item, case) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, inner),) = value.items()
    return {
        "t": lambda: case.inputs[inner],
        "f": lambda: float(inner),
        "slice": lambda: slice(*inner),
        "ellipsis": lambda: ...,
        "dtype": lambda: inner,
    }[kind]()


def function(name: str, *operands: str, **renamed: str) -> Translator:
    """The translator to `name(operands, ours = value ...)`; an operand is a name of theirs."""

    def translate(call: Call) -> str:
        given = ", ".join(call[operand] for operand in operands)
        return f"{name}({given}{call.keywords(**renamed)})"

    return translate
