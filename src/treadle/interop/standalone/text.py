"""Pieces of Python text that know how tightly they bind, so that no needless brackets are printed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from treadle.types import Dim, DimLike, DType

ATOM, POWER, UNARY, PRODUCT, SUM, AND, OR, COMPARISON = 100, 90, 80, 70, 60, 50, 40, 30
LOOSEST = 0
_LARGEST_WHOLE = 1e6  # above, floats are not written as integers

_WORD = re.compile(r"[^\W\d]\w*")


class Text(NamedTuple):
    """An expression and how tightly its outermost operator binds."""

    text: str
    binding: int = ATOM

    def inside(self, binding: int) -> str:
        """The expression as an operand of something that binds like this."""
        return self.text if self.binding >= binding else f"({self.text})"

    @property
    def bare(self) -> str:
        """The expression as an argument."""
        return self.text

    @property
    def atom(self) -> str:
        """The expression before a dot or a bracket."""
        return f"({self.text})" if self.binding < ATOM or self.text[0].isdigit() else self.text


def call(function: str, *arguments: Text | str, **named: object) -> Text:
    """A call; arguments that are None are left out."""
    parts = [argument if isinstance(argument, str) else argument.bare for argument in arguments]
    parts += [f"{name}={value}" for name, value in named.items() if value is not None]
    return Text(f"{function}({', '.join(parts)})")


def method(owner: Text, name: str, *arguments: Text | str, **named: object) -> Text:
    """A call of a method."""
    return Text(f"{owner.atom}.{call(name, *arguments, **named).text}")


def infix(left: Text, operator: str, right: Text, binding: int) -> Text:
    """`left operator right`, for operators that group from the left."""
    return Text(f"{left.inside(binding)} {operator} {right.inside(binding + 1)}", binding)


def literal(value: object, dtype: DType) -> Text:
    """A number as it is written in an expression of this element type."""
    if isinstance(value, Dim):
        raise TypeError("sizes are printed by `size`, which knows their names")
    if dtype is DType.BOOL:
        return Text(str(bool(value)))
    number = float(value)  # type: ignore[arg-type]
    if not math.isfinite(number):
        return Text("np.nan") if math.isnan(number) else _signed("np.inf", negative=number < 0)
    if not dtype.is_float or (
        number.is_integer() and abs(number) < _LARGEST_WHOLE and not _is_minus_zero(number)
    ):
        return _signed(str(abs(int(value))), negative=number < 0)  # type: ignore[call-overload]
    shortest = repr(abs(number)) if dtype is DType.F64 else str(np.float32(abs(number)))
    return _signed(shortest, negative=math.copysign(1, number) < 0)


def _is_minus_zero(number: float) -> bool:
    return number == 0 and math.copysign(1, number) < 0


def _signed(text: str, *, negative: bool) -> Text:
    return Text(f"-{text}", UNARY) if negative else Text(text)


def size(dim: DimLike, names: Mapping[str, str]) -> Text:
    """A size, its symbols under their names in the module."""
    if isinstance(dim, int):
        return literal(dim, DType.I64)
    text = _WORD.sub(lambda word: names.get(word[0], word[0]), str(dim))
    return Text(text, ATOM if _WORD.fullmatch(text) or text.startswith(("min(", "max(")) else SUM)


def sequence(items: Iterable[Text | str]) -> Text:
    """A tuple."""
    parts = [item if isinstance(item, str) else item.bare for item in items]
    return Text(f"({', '.join(parts)}{',' if len(parts) == 1 else ''})")


def numbers(values: Iterable[object]) -> Text:
    """A tuple of literal integers or of tuples of them."""
    return sequence(numbers(v) if isinstance(v, tuple) else str(v) for v in values)
