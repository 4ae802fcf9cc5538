"""Compile-time values: every operator gives the value that its reader expects, or a located refusal."""

from __future__ import annotations

import numpy as np
import pytest

from support.spec_runs import codes, run_expression
from treadle.frontend.load import load_text


def constant(expression: str):
    """The value of a compile-time expression, read off the size of an axis or the value of a constant."""
    checked = load_text(f"model M {{\n  input x: [N]\n  output y = x * 0 + ({expression})\n}}\n")
    graph = checked.models["M"].graph
    return next(node.attrs["value"] for node in reversed(list(graph)) if node.op == "const")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", 7),
        ("2 ^ 3 ^ 2", 512),
        ("-2 ^ 2", -4),
        ("7 // 2", 3),
        ("-7 // 2", -4),
        ("7 % 3", 1),
        ("7 / 2", 3.5),
        ("2 ^ -1", 0.5),
        ("1 if 2 > 1 else 3", 1),
        ("1 if not true or false else 3", 3),
        ("len([1, 2] + [3])", 3),
        ("len([0] * 5)", 5),
        ("sum([i * i for i in range(4)])", 14),
        ("sum([i for i in range(6) if i % 2 == 0])", 6),
        ("[4, 5, 6][-1]", 6),
        ("[4, 5, 6][1:][0]", 5),
        ("max(3, 5, 4)", 5),
        ("min([3, 5, 4])", 3),
        ("sqrt(16)", 4.0),
        ("int(3.7)", 3),
        ("prod([2, 3, 4])", 24),
        ('len("abc" + str(12))', 5),
        ("enumerate([7, 8])[1][1]", 8),
        ("zip([1, 2], [3, 4])[1][1]", 4),
        ("reversed(range(5))[0]", 4),
        ("1 if [1, 2] == [1, 2] else 0", 1),
        ("1 if none == none else 0", 1),
        ("(fn(a, b = 2) = a * b)(5)", 10),
    ],
)
def test_value(expression, value):
    found = constant(expression)
    assert found == value
    assert isinstance(found, type(value))


def test_short_circuit_leaves_the_right_side_alone():
    assert constant("1 if false and 1 // 0 == 1 else 2") == 2
    assert constant("1 if true or 1 // 0 == 1 else 2") == 1


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("1 // 0", "E0406"),
        ("1 % 0", "E0406"),
        ("1 / 0", "E0406"),
        ("0 ^ -1", "E0406"),
        ("10.0 ^ 400", "E0904"),
        ("2 ^ 64", "E0904"),
        ("(-8) ^ 0.5", "E0411"),
        ('1 + "a"', "E0407"),
        ('"a" < "b"', "E0407"),
        ("not 3", "E0404"),
        ("[1, 2][2]", "E0408"),
        ("1 if x > 0 else 2", "E0410"),
        ("1 if 3 else 2", "E0404"),
        ("range(3, 6, 0)[0]", "E0411"),
        ("unknown", "E0301"),
        ("log(-1)", "E0411"),
    ],
)
def test_refusal(expression, code):
    assert codes(f"model M {{\n  input x: [N]\n  output y = x + ({expression})\n}}\n") == [code]


def test_sizes_are_computed_with_symbols():
    checked = load_text(
        "model M {\n input x: [N, T]\n output y = reshape(x, [N * T // 1, (N + N) // N - 1])\n}\n"
    )
    shape = checked.models["M"].graph.outputs["output:y"].type.shape
    assert str(shape) == "(N*T, 1)"


def test_order_of_sizes_is_decided_when_it_holds_for_all():
    text = "model M {{\n input x: [N]\n y = x if {} else -x\n output y\n}}\n"
    assert codes(text.format("N + 1 > N")) == []
    assert codes(text.format("N >= 0")) == []
    assert codes(text.format("N > 4")) == ["E0403"]
    assert codes(text.format("N == 4")) == ["E0403"]


def test_numbers_take_the_type_of_the_tensor_they_meet():
    ids = np.array([1, 2])
    assert run_expression("ids + 1", ids=ids).dtype == np.int64
    assert run_expression("ids * 0.5", ids=ids).dtype == np.float32
    assert run_expression("ids / 2", ids=ids).tolist() == [0.5, 1.0]
    assert run_expression("(ids > 1) + 1", ids=ids).tolist() == [1.0, 2.0]
    assert run_expression("ids // 2", ids=ids).dtype == np.int64


def test_sizes_become_tensors_where_numbers_are_needed():
    found = run_expression("sum(x) / size(x, 0)", x=np.array([1.0, 2.0, 6.0]))
    assert found == pytest.approx(3.0)
