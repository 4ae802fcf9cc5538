"""Small graphs as expressions: `g · (1 - y · y)`.

Input: a node, and names of nodes that are not to be spelled out. Output: text, with brackets where they are
needed. Non-goals: line breaks, simplification.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from treadle.ir import Node
from treadle.ops import REGISTRY
from treadle.types import Dim

_ATOM = 9
_INFIX = {
    "logical_or": ("or", 1), "logical_and": ("and", 2), "lt": ("<", 3), "le": ("≤", 3), "gt": (">", 3),
    "ge": ("≥", 3), "eq": ("==", 3), "ne": ("≠", 3), "add": ("+", 4), "sub": ("-", 4), "mul": ("·", 5),
    "div": ("/", 5), "matmul": ("@", 5), "pow": ("^", 8),
}  # fmt: skip
_PREFIX = {"neg": ("-", 6), "logical_not": ("not ", 6)}
_ASSOCIATIVE = {"add", "mul", "logical_or", "logical_and"}
_HIDDEN = {"dtype"}  # of what follows from the operands


@dataclass
class Expressions:
    """Prints nodes; those in `names`, by id, and inputs are named."""

    names: dict[int, str]

    def text(self, node: Node) -> str:
        """A node's formula."""
        return self._spelled(node)[0]

    def _operand(self, node: Node, strength: int) -> str:
        text, own = self._spelled(node)
        return text if own >= strength else f"({text})"

    def _spelled(self, node: Node) -> tuple[str, int]:
        """The text and how strongly it holds together."""
        if node.id in self.names:
            return self.names[node.id], _ATOM
        if node.op in _INFIX:
            return self._infix(node, *_INFIX[node.op])
        if node.op in _PREFIX:
            sign, strength = _PREFIX[node.op]
            return f"{sign}{self._operand(node.inputs[0], strength)}", strength
        if node.op == "reciprocal":
            return f"1 / {self._operand(node.inputs[0], 6)}", 5
        special = _SPECIAL.get(node.op)
        return special(self, node) if special else (self._call(node), _ATOM)

    def _infix(self, node: Node, sign: str, strength: int) -> tuple[str, int]:
        left, right = node.inputs
        after = strength if node.op in _ASSOCIATIVE and right.op == node.op else strength + 1
        return f"{self._operand(left, strength)} {sign} {self._operand(right, after)}", strength

    def _call(self, node: Node) -> str:
        operands = [self.text(operand) for operand in node.inputs]
        known = REGISTRY[node.op].attrs
        settings = [
            f"{name} = {_value(value)}"
            for name, value in node.attrs.items()
            if name not in _HIDDEN and (known.get(name, ...) is ... or value != known[name])
        ]
        return f"{node.op}({', '.join([*operands, *settings])})"


def _input(_: Expressions, node: Node) -> tuple[str, int]:
    return str(node.attrs["name"]), _ATOM


def _const(_: Expressions, node: Node) -> tuple[str, int]:
    value = node.attrs["value"]
    text = str(value) if isinstance(value, Dim) else _value(value)
    return text, 6 if text.startswith("-") else _ATOM


def _cast(printer: Expressions, node: Node) -> tuple[str, int]:
    return f"{node.attrs['dtype']}({printer.text(node.inputs[0])})", _ATOM


def _transpose(printer: Expressions, node: Node) -> tuple[str, int]:
    """A matrix with its last two axes exchanged has the usual sign."""
    rank = len(node.attrs["perm"])
    if rank >= 2 and tuple(node.attrs["perm"]) == (*range(rank - 2), rank - 1, rank - 2):
        return f"{printer._operand(node.inputs[0], _ATOM)}ᵀ", _ATOM  # noqa: SLF001 - a part of the printer
    return f"transpose({printer.text(node.inputs[0])}, {_value(node.attrs['perm'])})", _ATOM


def _over_axes(printer: Expressions, node: Node) -> tuple[str, int]:
    axes = node.attrs["axes"]
    words = f" over axis {axes[0]}" if len(axes) == 1 else f" over axes {', '.join(map(str, axes))}"
    return f"{node.op}({printer.text(node.inputs[0])}{words if axes else ''})", _ATOM


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    return (
        f"{value:g}"
        if isinstance(value, float)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )


_SPECIAL: dict[str, Callable[[Expressions, Node], tuple[str, int]]] = {
    "input": _input,
    "const": _const,
    "cast": _cast,
    "transpose": _transpose,
    "sum": _over_axes,
    "max": _over_axes,
    "min": _over_axes,
    "prod": _over_axes,
}
