"""Rules of the grammar for expressions, types and parameters; part of the `transform` stage.

Each method takes the parts of its rule and the span of the whole. Tokens arrive as strings with a position.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from treadle.errors import Diagnostic, Diagnostics, did_you_mean, fail
from treadle.frontend import ast
from treadle.frontend.precedence import Operator, build_operation
from treadle.source import Source, Span
from treadle.types.dtype import DType

KINDS = ("int", "float", "bool", "string", "layer", "fn", "list", "dim", "any")
DTYPES = frozenset(dtype.value for dtype in DType)
MAX_INTEGER = 2**63 - 1
MAX_STRING = 10_000

_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
_ESCAPE = re.compile(r"\\(.)")

Parts = list[Any]


class ExpressionRules:
    """One method per rule of the expression half of the grammar."""

    def __init__(self, source: Source, problems: Diagnostics) -> None:
        """Build nodes with positions in `source`; `problems` gets what need not stop the node."""
        self._source = source
        self._problems = problems

    def _token_span(self, token: Any) -> Span:
        return self._source.span(token.start_pos, token.end_pos)

    def _name(self, token: Any) -> ast.Name:
        return ast.Name(str(token), span=self._token_span(token))

    # ---- atoms

    def atom(self, parts: Parts, span: Span) -> ast.Expr:
        """A single token: a name, `true`, `false`, a number or a string."""
        token = parts[0]
        if token.type == "NAME":
            return ast.Name(str(token), span=span)
        return ast.Literal(self._value(token, span), span=span)

    def _value(self, token: Any, span: Span) -> bool | int | float | str:
        if token.type == "INTEGER":
            return _integer(token, span)
        if token.type == "FLOAT":
            return _float(token, span)
        if token.type == "STRING":
            return self._text(token)
        return bool(token.type == "TRUE")

    def list_(self, parts: Parts, span: Span) -> ast.List:
        """`[a, b]`."""
        return ast.List(tuple(parts), span=span)

    def group(self, parts: Parts, span: Span) -> ast.Expr:
        """`(a)`: the expression itself, its position widened by the brackets."""
        value: ast.Expr = parts[0]
        return replace(value, span=span)

    def tuple_(self, parts: Parts, span: Span) -> ast.Tuple:
        """`(a, b)`."""
        return ast.Tuple(tuple(parts), span=span)

    def comprehension(self, parts: Parts, span: Span) -> ast.Comprehension:
        """`[element for names in iterable if condition]`."""
        element, targets, iterable, condition = parts
        return ast.Comprehension(element, targets, iterable, condition, span=span)

    def scan(self, parts: Parts, span: Span) -> ast.Scan:
        """`scan index in sequences ... { body }`."""
        index, sequences, axis, reverse, truncate, carries, body = parts
        return ast.Scan(
            self._name(index), sequences, axis, reverse is not None, truncate, carries or (), body, span=span
        )

    def sequences(self, parts: Parts, _span: Span) -> tuple[ast.Expr, ...]:
        """What a scan goes over."""
        return tuple(parts)

    def carries(self, parts: Parts, _span: Span) -> tuple[ast.Carry, ...]:
        """What a scan carries."""
        return tuple(parts)

    def carry(self, parts: Parts, span: Span) -> ast.Carry:
        """`name = init`."""
        return ast.Carry(str(parts[0]), parts[1], span=span)

    def names(self, parts: Parts, _span: Span) -> tuple[ast.Name, ...]:
        """The names bound by a loop."""
        return tuple(self._name(token) for token in parts)

    # ---- operators and trailers

    def postfix(self, parts: Parts, _span: Span) -> ast.Expr:
        """An atom followed by calls, indexes and attributes."""
        value: ast.Expr = parts[0]
        for add in parts[1:]:
            value = add(value)
        return value

    def arguments(self, parts: Parts, span: Span) -> _Arguments:
        """`(a, k = v)`; E0315 and E0306 are the elaborator's to find."""
        return _Arguments(tuple(_argument(part) for part in parts), span)

    def named_argument(self, parts: Parts, span: Span) -> ast.Argument:
        """`k = v`."""
        return ast.Argument(str(parts[0]), parts[1], name_span=self._token_span(parts[0]), span=span)

    def subscripts(self, parts: Parts, span: Span) -> _Subscripts:
        """`[i, 1:3, ...]`."""
        return _Subscripts(tuple(parts), span)

    def attribute(self, parts: Parts, span: Span) -> _Attribute:
        """`.name`."""
        return _Attribute(str(parts[0]), span)

    def slice_(self, parts: Parts, span: Span) -> ast.Slice:
        """`start:stop:step`: the colons are among the parts, so that missing ones can be told apart."""
        start, _colon, stop, _second_colon, step = parts
        return ast.Slice(start, stop, step, span=span)

    def dots(self, _parts: Parts, span: Span) -> ast.Dots:
        """`...`."""
        return ast.Dots(span=span)

    def operation(self, parts: Parts, _span: Span) -> ast.Expr:
        """Operands and operators in a row."""
        flat: list[ast.Expr | Operator] = []
        expects_operand = True
        for part in parts:
            if not isinstance(part, str):
                flat.append(part)
                expects_operand = False
                continue
            flat.append(Operator(str(part), self._token_span(part), prefix=expects_operand))
            expects_operand = True
        return build_operation(flat)

    def conditional(self, parts: Parts, span: Span) -> ast.Conditional:
        """`then if condition else otherwise`."""
        then, condition, otherwise = parts
        return ast.Conditional(condition, then, otherwise, span=span)

    def pipe(self, parts: Parts, _span: Span) -> ast.Expr:
        """`value |> target |> target`."""
        value: ast.Expr = parts[0]
        for target in parts[1:]:
            value = ast.Pipe(value, target, span=value.span.to(target.span))
        return value

    def lambda_(self, parts: Parts, span: Span) -> ast.Lambda:
        """`fn(x) = body`."""
        return ast.Lambda(parts[0], parts[1], span=span)

    # ---- types and parameters

    def parameters(self, parts: Parts, _span: Span) -> tuple[ast.Parameter, ...]:
        """`(a, b: int = 1)`; E0302 for a repeated name, E0316 for one without default after one with."""
        seen: dict[str, ast.Parameter] = {}
        for parameter in parts:
            self._check_parameter(parameter, seen)
            seen[parameter.name] = parameter
        return tuple(parts)

    def _check_parameter(self, parameter: ast.Parameter, seen: dict[str, ast.Parameter]) -> None:
        if parameter.name in seen:
            fail("E0302", f"parameter `{parameter.name}` is listed twice", parameter.span)
        if parameter.default is None and any(earlier.default is not None for earlier in seen.values()):
            message = f"`{parameter.name}` has no default but follows a parameter that has one"
            fail("E0316", message, parameter.span, hint="list the parameters without default first")

    def parameter(self, parts: Parts, span: Span) -> ast.Parameter:
        """`name: type = default`."""
        return ast.Parameter(str(parts[0]), parts[1], parts[2], span=span)

    def kind(self, parts: Parts, span: Span) -> ast.Type:
        """A kind, or else the name of an element type, which stands for one number of it."""
        word = str(parts[0])
        if word in KINDS:
            return ast.KindType(word, span=span)
        if word in DTYPES:
            return ast.TensorType(word, (), span=span)
        hint = did_you_mean(word, (*KINDS, *DTYPES)) or f"write a shape such as [N, 4], or {', '.join(KINDS)}"
        return self._not_a_type(f"`{word}` is not a type", span, hint)

    def tensor_type(self, parts: Parts, span: Span) -> ast.TensorType:
        """`[dims]` or `dtype[dims]`; at most one `...`."""
        dtype, *dims = parts
        if dtype is not None and dtype not in DTYPES:
            known = ", ".join(sorted(DTYPES))
            hint = did_you_mean(dtype, DTYPES) or f"the element types are {known}"
            return self._not_a_type(f"`{dtype}` is not an element type", self._token_span(dtype), hint)
        if sum(isinstance(dim, ast.Dots) for dim in dims) > 1:
            return self._not_a_type("a type can hold `...` only once", span)
        return ast.TensorType(optional_text(dtype), tuple(dims), span=span)

    def _not_a_type(self, message: str, span: Span, hint: str | None = None) -> ast.TensorType:
        """Note the mistake and stand in a type, so that the declaration around it is not blamed too."""
        self._problems.append(Diagnostic("E0118", message, span, hint=hint))
        return ast.TensorType(None, (), span=span)

    def _text(self, token: Any) -> str:
        """The value of a string token; E0112 for an unknown escape, E0911 when it is too long."""
        inner = str(token)[1:-1]
        if len(inner) > MAX_STRING:
            fail("E0911", f"this string has more than {MAX_STRING:,} characters", self._token_span(token))
        for match in _ESCAPE.finditer(inner):
            if match[1] not in _ESCAPES:
                start = token.start_pos + 1 + match.start()
                span = self._source.span(start, start + 2)
                fail("E0112", f"`{match[0]}` is not an escape", span, hint="write `\\\\` for a backslash")
        return _ESCAPE.sub(lambda match: _ESCAPES[match[1]], inner)


def _integer(digits: str, span: Span) -> int:
    """The value of an integer literal; E0904 beyond 63 bits."""
    digits = digits.replace("_", "").lstrip("0") or "0"
    if len(digits) > len(str(MAX_INTEGER)) or int(digits) > MAX_INTEGER:
        fail("E0904", "this integer is larger than 2^63 - 1", span, hint="write a float: 1e20")
    return int(digits)


def _float(digits: str, span: Span) -> float:
    """The value of a float literal; E0904 when it is beyond the range of 64-bit floats."""
    value = float(digits.replace("_", ""))
    if value == float("inf"):
        fail("E0904", "this number is larger than a 64-bit float can be", span)
    return value


class _Trailer:
    """What follows an atom; calling it with the value so far builds the node of both."""

    def __init__(self, content: Any, span: Span) -> None:
        self.content = content
        self.span = span


class _Arguments(_Trailer):
    def __call__(self, value: ast.Expr) -> ast.Expr:
        return ast.Call(value, self.content, span=value.span.to(self.span))


class _Subscripts(_Trailer):
    def __call__(self, value: ast.Expr) -> ast.Expr:
        return ast.Index(value, self.content, span=value.span.to(self.span))


class _Attribute(_Trailer):
    def __call__(self, value: ast.Expr) -> ast.Expr:
        return ast.Attribute(value, self.content, span=value.span.to(self.span))


def _argument(part: ast.Argument | ast.Expr) -> ast.Argument:
    return part if isinstance(part, ast.Argument) else ast.Argument(None, part, span=part.span)


def optional_text(token: Any) -> str | None:
    """The plain string of a token that may be missing."""
    return None if token is None else str(token)
