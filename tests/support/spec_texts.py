"""Specs for tests of the parser: a page that uses every construct, and random ones built as syntax trees."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from treadle.frontend import ast
from treadle.source import Source

EVERYTHING = (Path(__file__).parent / "everything.tdl").read_text("utf-8")

_SPAN = Source("generated", "").span(0, 0)
_NAMES = st.sampled_from(["x", "y", "W", "batch", "input", "loss", "train", "over", "weight", "β", "state"])
_LITERALS = st.one_of(
    st.integers(0, 2**63 - 1),
    st.floats(0, allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.text(max_size=5),
)


def _make(node, *fields):
    return st.builds(lambda *values: node(*values, span=_SPAN), *fields)


def _optional(strategy):
    return st.none() | strategy


def _some(strategy, least=0):
    return st.lists(strategy, min_size=least, max_size=3).map(tuple)


def _printable(value):
    return not isinstance(value, str) or all(char.isprintable() or char in "\n\t" for char in value)


_LEAVES = _make(ast.Name, _NAMES) | _make(ast.Literal, _LITERALS.filter(_printable))


def _larger(inner):
    operators = st.sampled_from(
        ["+", "-", "*", "/", "//", "%", "@", "^", "==", "!=", "<", "<=", ">", ">=", "and", "or"]
    )
    argument = _make(ast.Argument, _optional(_NAMES), inner)
    index = inner | _make(ast.Slice, *[_optional(inner)] * 3) | _make(ast.Dots)
    names = _some(_make(ast.Name, _NAMES), 1)
    return st.one_of(
        _make(ast.Unary, st.sampled_from(["-", "not"]), inner),
        _make(ast.Binary, operators, inner, inner),
        _make(ast.Pipe, inner, inner),
        _make(ast.Conditional, inner, inner, inner),
        _make(ast.Call, inner, _some(argument)),
        _make(ast.Index, inner, _some(index)),
        _make(ast.Attribute, inner, _NAMES),
        _make(ast.List, _some(inner)),
        _make(ast.Tuple, _some(inner, 1)),
        _make(ast.Comprehension, inner, names, inner, _optional(inner)),
        _make(ast.Lambda, st.just((ast.Parameter("x", None, None, span=_SPAN),)), inner),
    )


EXPRESSIONS = st.recursive(_LEAVES, _larger, max_leaves=12)
_TYPES = _make(ast.TensorType, _optional(st.sampled_from(["f32", "i64"])), _some(EXPRESSIONS))


def _blocks(inner):
    names = _some(_make(ast.Name, _NAMES), 1)
    body = _some(inner)
    return _make(ast.For, names, EXPRESSIONS, body) | _make(ast.If, EXPRESSIONS, body, body)


_SIMPLE = st.one_of(
    _make(ast.Input, _NAMES, _TYPES),
    _make(ast.Param, _NAMES, _TYPES, _optional(EXPRESSIONS)),
    _make(ast.State, _NAMES, _optional(_TYPES), EXPRESSIONS),
    _make(ast.Const, _NAMES, EXPRESSIONS),
    _make(ast.Output, _optional(_NAMES), EXPRESSIONS),
    _make(ast.Loss, _optional(_NAMES), EXPRESSIONS, _optional(EXPRESSIONS)),
    _make(ast.Metric, _optional(_NAMES), EXPRESSIONS),
    _make(ast.Update, _make(ast.Name, _NAMES), EXPRESSIONS),
    _make(ast.Require, EXPRESSIONS, st.sampled_from(["", 'no "such" \\ thing\n'])),
    _make(ast.ExprStatement, EXPRESSIONS),
    _make(ast.Assign, _some(_make(ast.Name, _NAMES), 1), EXPRESSIONS),
)
_STATEMENTS = st.recursive(_SIMPLE, _blocks, max_leaves=6)
_SCANS = _make(
    ast.Scan,
    _make(ast.Name, _NAMES),
    _some(EXPRESSIONS, 1),
    _optional(EXPRESSIONS),
    st.booleans(),
    _optional(EXPRESSIONS),
    _some(_make(ast.Carry, _NAMES, EXPRESSIONS)),
    _some(_make(ast.Assign, _some(_make(ast.Name, _NAMES), 1), EXPRESSIONS)),
)
_BODIES = _some(_STATEMENTS | _make(ast.ExprStatement, _SCANS))

SPECS = _make(ast.Spec, _some(_make(ast.Model, _NAMES, st.just(()), _BODIES)))
