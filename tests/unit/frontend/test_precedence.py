"""The operator table: what binds tighter, and to which side, shown by brackets put around every operation."""

from __future__ import annotations

import pytest

from treadle.errors import TreadleError
from treadle.frontend import ast
from treadle.frontend.parser import parse
from treadle.source import Source


def parse_expr(text):
    (block,) = parse(Source("f", f"const value = {text}")).blocks
    return block.value


def bracketed(node):
    match node:
        case ast.Binary(op, left, right):
            return f"({bracketed(left)} {op} {bracketed(right)})"
        case ast.Unary(op, operand):
            return f"({op} {bracketed(operand)})"
        case ast.Pipe(value, target):
            return f"({bracketed(value)} |> {bracketed(target)})"
        case ast.Conditional(condition, then, otherwise):
            return f"({bracketed(then)} if {bracketed(condition)} else {bracketed(otherwise)})"
        case ast.Lambda(_, body):
            return f"(fn = {bracketed(body)})"
        case ast.Attribute(value, name):
            return f"{bracketed(value)}.{name}"
        case ast.Call(callee, args):
            return f"{bracketed(callee)}({', '.join(bracketed(arg.value) for arg in args)})"
        case ast.Literal(value):
            return str(value)
        case ast.Name(name):
            return name


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a + b * c", "(a + (b * c))"),
        ("a * b + c", "((a * b) + c)"),
        ("a - b - c", "((a - b) - c)"),
        ("a / b // c % d @ e", "((((a / b) // c) % d) @ e)"),
        ("a ^ b ^ c", "(a ^ (b ^ c))"),
        ("-a ^ b", "(- (a ^ b))"),
        ("a ^ -b ^ c", "(a ^ (- (b ^ c)))"),
        ("a ^ -b * c", "((a ^ (- b)) * c)"),
        ("-a * b", "((- a) * b)"),
        ("a * -b + c", "((a * (- b)) + c)"),
        ("a - -b", "(a - (- b))"),
        ("a@b-c", "((a @ b) - c)"),
        ("a + b < c * d", "((a + b) < (c * d))"),
        ("a<-b", "(a < (- b))"),
        ("a == b and c != d or e", "(((a == b) and (c != d)) or e)"),
        ("a or b and c", "(a or (b and c))"),
        ("not a == b and c", "((not (a == b)) and c)"),
        ("not not a", "(not (not a))"),
        ("(a + b) * c", "((a + b) * c)"),
        ("a if b or c else d if e else f", "(a if (b or c) else (d if e else f))"),
        ("a |> b |> c", "((a |> b) |> c)"),
        ("a + b |> c", "((a + b) |> c)"),
        ("a |> b if c else d", "(a |> (b if c else d))"),
        ("a |> f(b |> c)", "(a |> f((b |> c)))"),
        ("-a.b(c)", "(- a.b(c))"),
        ("f(a)(b) ^ c", "(f(a)(b) ^ c)"),
        ("fn(a) = a + b |> c", "(fn = ((a + b) |> c))"),
    ],
)
def test_binding(text, tree):
    assert bracketed(parse_expr(text)) == tree


@pytest.mark.parametrize(
    ("text", "code"),
    [("a < b < c", "E0111"), ("a == b + 1 != c", "E0111"), ("a + not b", "E0101"), ("- not a", "E0101")],
)
def test_refused(text, code):
    with pytest.raises(TreadleError) as caught:
        parse_expr(text)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]


def test_spans_cover_the_whole_operation():
    node = parse_expr("(a + b) * -c[1]")
    assert node.right.span.text == "-c[1]"
    assert node.left.span.text == "(a + b)"
    assert node.span.text == "(a + b) * -c[1]"
