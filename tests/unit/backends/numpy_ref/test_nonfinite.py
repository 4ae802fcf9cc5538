"""The first node that made a NaN or an infinity is found; infinities that do no harm are not blamed."""

from __future__ import annotations

import numpy as np

from support.spec_runs import model
from treadle.backends.numpy_ref import find_origin
from treadle.driver import differentiate


def origin(body: str, **values: list[float]):
    """The origin in a model of inputs x and y: op, what made a NaN of its infinity, step of the loop."""
    graph = differentiate(model(f"input x: [3]\n input y: [3]\n {body}").graph)
    given = {"x": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 3.0]} | values
    found = find_origin([graph.outputs["loss"]], {n: np.array(v, np.float32) for n, v in given.items()})
    return found and (found.node.op, found.other and found.other.op, found.index)


def test_nothing_is_found_where_nothing_is_wrong():
    assert origin("loss mean(log(x))") is None


def test_an_infinity():
    assert origin("loss mean(exp(log(x) + y))", x=[0, 1, 2]) is None
    assert origin("loss mean(log(x) * y)", x=[0, 1, 2]) == ("log", None, None)
    assert origin("loss mean(exp(100 * x))") == ("exp", None, None)


def test_a_nan():
    assert origin("loss mean(sqrt(x - y))", y=[9, 9, 9]) == ("sqrt", None, None)
    assert origin("loss mean((x - y) / (y - x))") == ("div", None, None)


def test_an_infinity_that_becomes_nan():
    assert origin("loss mean(log(x) * (y - y))", x=[0, 1, 2]) == ("log", "mul", None)


def test_of_several_the_first_is_named():
    assert origin("a = log(x)\n loss mean(exp(1000 * y)) - mean(a)", x=[0, 1, 2]) == ("log", None, None)


def test_a_mask_is_not_blamed():
    masked = "s = where(x > 5, y, -1e39)\n"
    assert origin(f"{masked} loss mean(exp(s)) + mean(log(y))", y=[0, 1, 2]) == ("log", None, None)
    assert origin(f"{masked} loss mean(exp(s - max(s)))") == ("sub", "const", None)


def test_values_that_are_given():
    assert origin("loss mean(x * y)", x=[1, float("nan"), 2]) == ("input", None, None)
    assert origin("loss mean(x * y)", x=[1, float("inf"), 2], y=[0, 0, 0]) == ("input", "mul", None)


def test_the_step_of_a_loop():
    body = "scan k in range(6) with h = x { h = log(h) }\n loss mean(h)"
    op, _, index = origin(body)
    assert (op, index) == ("log", 1)
