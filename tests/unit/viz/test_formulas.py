"""Gradient rules are printed from the registry's rules: every op that has one gives a formula."""

from __future__ import annotations

import pytest

from support.op_samples import CASES, Case
from treadle.ir import Builder, Graph
from treadle.ops import REGISTRY
from treadle.types import DType, TensorType
from treadle.viz.expression import Expressions
from treadle.viz.formulas import gradient_rule, operand_names

RULED = [case for case in CASES if case.op.vjp is not None and case.build()[1].type.dtype.is_float]


def builder_with(*shapes):
    g = Builder(Graph("net"))
    return g, [g.input(f"i{n}", TensorType(DType.F32, shape)) for n, shape in enumerate(shapes)]


@pytest.mark.parametrize("case", RULED, ids=str)
def test_every_rule_gives_a_line_for_each_float_operand(case: Case):
    """A line `dx = ...` stands for each of them, and for no other operand; without any, a note says why."""
    _, node = case.build()
    lines = gradient_rule(node).lines
    named = {line.partition(" = ")[0] for line in lines}
    floats = zip(operand_names(case.op, len(node.inputs)), node.inputs, strict=True)
    wanted = {f"d{name}" for name, operand in floats if operand.type.dtype.is_float}
    assert {name for name in named if name.startswith("d")} == wanted
    assert gradient_rule(node).note.startswith("g is" if wanted else "no gradient passes")


def test_every_op_has_something_to_say():
    """Ops without samples are the leaves, and those that autodiff treats itself."""
    assert {case.op.name for case in CASES} | {"input", "param", "state", "scan", "item", "grad"} == set(
        REGISTRY.names()
    )
    assert all(gradient_rule(case.build()[1]).note for case in CASES)


def test_known_rules_read_as_in_a_book():
    g, (x, y) = builder_with((4, 3), (4, 3))
    assert gradient_rule(g.mul(x, y)).lines == ("dx = g · y", "dy = g · x")
    assert gradient_rule(g.sigmoid(x)).lines == ("dx = g · y · (1 - y)",)
    assert gradient_rule(g.relu(x)).lines == ("dx = where(x > 0, g, 0)",)
    assert gradient_rule(g.div(x, y)).lines == ("t1 = g / y", "dx = t1", "dy = -(t1 · z)")


def test_products_read_as_in_a_book():
    g, (a, b) = builder_with((4, 3), (3, 2))
    assert gradient_rule(g.matmul(a, b)).lines == ("da = g @ bᵀ", "db = aᵀ @ g")


def test_sums_undo_broadcasting_of_this_very_node():
    g, (x, bias) = builder_with((4, 3), (3,))
    assert gradient_rule(g.add(x, bias)).lines == ("dx = g", "dy = sum(g over axis 0)")


def test_ops_without_derivative_say_so():
    g, (x,) = builder_with((4,))
    rule = gradient_rule(g.floor(x))
    assert (rule.lines, rule.note.startswith("no gradient passes")) == ((), True)
    assert gradient_rule(x).note == "gradients end here"


def test_brackets_stand_where_they_are_needed():
    g, (a, b, c) = builder_with((), (), ())
    printer = Expressions({a.id: "a", b.id: "b", c.id: "c"})
    cases = {
        "a - (b - c)": g.sub(a, g.sub(b, c)),
        "a - b - c": g.sub(g.sub(a, b), c),
        "(a + b) · c": g.mul(g.add(a, b), c),
        "a + b · c": g.add(a, g.mul(b, c)),
        "a / (b · c)": g.div(a, g.mul(b, c)),
        "-(a + b)": g.neg(g.add(a, b)),
        "(-a) ^ b": g.pow(g.neg(a), b),
        "a · -2.5": g.mul(a, -2.5),
        "1 / (a + b)": g.reciprocal(g.add(a, b)),
        "f64(a)": g.cast(a, dtype=DType.F64),
    }
    assert {text: printer.text(node) for text, node in cases.items()} == {text: text for text in cases}
