"""Tokens, attribute values and types in the text form of graphs.

Input: one line of text. Output: a `LineReader` that hands out names, values (numbers, strings, dimensions,
element types, tuples) and types. Non-goals: what a line means (`ir/text_parse.py`); code is never evaluated.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from treadle.ops.opdef import AnyType
from treadle.types import DimLike, DType, TensorType, dim_floordiv, dim_max, dim_min, dim_mod, symbol

_TOKEN = re.compile(
    r"""\s*(?: (?P<node>%\d+)
             | (?P<number>(?:\d+\.\d*|\.\d+|\d+)(?:e[+-]?\d+)?)
             | (?P<string>"(?:[^"\\]|\\.)*")
             | (?P<name>[^\W\d][\w.$']*)
             | (?P<mark>//|[()\[\]{},=:+\-*%])
             | (?P<comment>\#.*)
             )""",
    re.VERBOSE,
)
_WORDS: dict[str, Any] = {
    "true": True,
    "false": False,
    "none": None,
    "inf": float("inf"),
    "nan": float("nan"),
}
_DTYPES = {dtype.value: dtype for dtype in DType}
_EXTREMES = {"min": dim_min, "max": dim_max}


class GraphTextError(ValueError):
    """The text is no graph; the message begins with the line number."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


class LineReader:
    """Reads one line from left to right. Every method raises `GraphTextError` where the text does not fit."""

    def __init__(self, text: str, number: int) -> None:
        self.number = number
        self.comment = ""
        self._tokens: list[tuple[str, str]] = []
        self._next = 0
        self._split(text.rstrip())

    def fail(self, message: str) -> NoReturn:
        """Raises `GraphTextError` for this line."""
        raise GraphTextError(self.number, message)

    def peek(self) -> str:
        """The next token's text; empty at the end of the line."""
        return self._tokens[self._next][1] if self._next < len(self._tokens) else ""

    def take(self, text: str) -> bool:
        """Steps over the next token if it is `text`."""
        if self.peek() != text:
            return False
        self._next += 1
        return True

    def expect(self, text: str) -> None:
        """Steps over `text`."""
        if not self.take(text):
            self.fail(f"expected {text!r}, found {self.peek() or 'the end of the line'!r}")

    def end(self) -> None:
        """Nothing may follow."""
        if self.peek():
            self.fail(f"unexpected {self.peek()!r}")

    def name(self) -> str:
        """A word, such as the name of an op."""
        return self._of_kind("name")

    def node(self) -> int:
        """The number of a node, `%3`."""
        return int(self._of_kind("node")[1:])

    def string(self) -> str:
        """A quoted string."""
        return str(json.loads(self._of_kind("string")))

    def next_is(self, kind: str) -> bool:
        """Whether the next token is of a kind: node, number, string, name or mark."""
        return self._next < len(self._tokens) and self._tokens[self._next][0] == kind

    def type(self) -> AnyType:
        """A tensor type, or several in parentheses."""
        if not self.take("("):
            return self._tensor_type()
        types: list[TensorType] = []
        while not self.take(")"):
            types.append(self._tensor_type())
            if self.peek() != ")":
                self.expect(",")
        return tuple(types)

    def value(self) -> Any:
        """An attribute value; a sum or product of names and numbers is a dimension."""
        if self.next_is("string"):
            return self.string()
        value = self._product()
        while self.peek() in {"+", "-"}:
            plus = self.take("+") or not self.take("-")
            right = self._dim(self._product())
            value = self._dim(value) + right if plus else self._dim(value) - right
        return value

    def _product(self) -> Any:
        value = self._factor()
        while self.peek() in {"*", "//", "%"}:
            mark = self._of_kind("mark")
            left, right = self._dim(value), self._dim(self._factor())
            value = left * right if mark == "*" else (dim_floordiv if mark == "//" else dim_mod)(left, right)
        return value

    def _factor(self) -> Any:
        if self.take("-"):
            value = self._factor()
            return -value if isinstance(value, float) else -self._dim(value)
        if self.next_is("number"):
            text = self._of_kind("number")
            return int(text) if text.isdigit() else float(text)
        if self.take("("):
            return self._parenthesised()
        return self._word(self.name())

    def _word(self, word: str) -> Any:
        if word in _EXTREMES and self.take("("):
            left = self._dim(self.value())
            self.expect(",")
            right = self._dim(self.value())
            self.expect(")")
            return _EXTREMES[word](left, right)
        if word in _WORDS:
            return _WORDS[word]
        return _DTYPES.get(word) or symbol(word)

    def _parenthesised(self) -> Any:
        """A tuple if there is a comma or nothing, else a value in parentheses."""
        items: list[Any] = []
        comma = False
        while not self.take(")"):
            items.append(self.value())
            if self.peek() != ")":
                self.expect(",")
                comma = True
        return tuple(items) if comma or not items else items[0]

    def _tensor_type(self) -> TensorType:
        name = self.name()
        if name not in _DTYPES:
            self.fail(f"{name!r} is no element type; there are {', '.join(_DTYPES)}")
        self.expect("[")
        shape: list[DimLike] = []
        while not self.take("]"):
            shape.append(self._dim(self.value()))
            if self.peek() != "]":
                self.expect(",")
        return TensorType(_DTYPES[name], tuple(shape))

    def _dim(self, value: Any) -> DimLike:
        if isinstance(value, float | bool | tuple | str | DType) or value is None:
            self.fail(f"{value!r} is no dimension")
        return value  # type: ignore[no-any-return]

    def _of_kind(self, kind: str) -> str:
        if not self.next_is(kind):
            self.fail(f"expected a {kind}, found {self.peek() or 'the end of the line'!r}")
        self._next += 1
        return self._tokens[self._next - 1][1]

    def _split(self, text: str) -> None:
        position = 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                self.fail(f"cannot read {text[position:].strip()!r}")
            if match.lastgroup == "comment":
                self.comment = match.group("comment")[1:].strip()
            else:
                self._tokens.append((match.lastgroup, match.group(match.lastgroup)))
            position = match.end()
