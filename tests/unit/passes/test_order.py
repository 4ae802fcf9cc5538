"""The pipeline: every pass is listed with a reason, the text can be watched, and broken graphs are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.meaning import assert_same_meaning, graph_of, ops, tensor
from support.nets import lenet
from treadle import passes
from treadle.autodiff import expand
from treadle.errors import TreadleError
from treadle.ir import Builder, bind
from treadle.passes import order

STEPS = (*order.PREPARE, *(s for steps in order.NARROWING.values() for s in steps), *order.ORDER)


def test_every_step_says_why():
    assert all(len(step.reason) > 15 for step in STEPS)
    assert all(step.run.__module__ == f"treadle.passes.{step.name}" for step in STEPS)


def test_every_pass_is_in_the_order():
    folder = Path(passes.__file__).parent
    files = {path.stem for path in folder.glob("*.py") if path.read_text("utf-8").find('"""Pass: ') == 0}
    commented = {
        path.stem for path in folder.glob("*.py") if '\n"""Pass: ' in path.read_text("utf-8").split("\n\n")[0]
    }
    assert files | commented == {step.name for step in STEPS}
    assert set(order.PASS_NAMES) == {step.name for step in order.ORDER}


def test_text_after_a_pass():
    written: list[str] = []
    graph = graph_of(lambda g, a: g.neg(g.neg(a)), tensor(2))
    order.optimise(graph, print_after=["cse"], write=written.append)
    (text,) = written
    assert text.startswith("# after cse: ")
    assert 'output "y" = %0' in text


def test_text_after_all_passes():
    written: list[str] = []
    order.optimise(graph_of(lambda g, a: g.exp(a), tensor(2)), print_after=["all"], write=written.append)
    assert len(written) == len(order.ORDER)


def test_a_broken_graph_is_found_and_the_pass_named():
    graph = graph_of(lambda g, a: g.exp(a), tensor(2))
    graph.outputs["y"] = graph.add("exp", (graph.inputs["a"],), {}, tensor(3), None, "")
    with pytest.raises(TreadleError, match=r"after drop_stop_grad.*should be f64"):
        order.optimise(graph, verify=True)


def training_step():
    graph = bind(lenet(), {"N": 2})
    g = Builder(graph)
    for name, leaf in graph.params.items():
        graph.updates[name] = g.sub(leaf, g.mul(g.grad(graph.outputs["loss"], leaf), 0.1))
    return graph


def test_a_training_step_keeps_its_meaning():
    graph = training_step()
    plain = expand.run(graph)
    after = order.optimise(expand.run(order.prepare(graph, verify=True)), verify=True)
    assert_same_meaning(plain, after, rtol=1e-4)
    assert len(after) < len(plain)


def test_optimising_twice_changes_nothing():
    once = order.optimise(expand.run(order.prepare(training_step())))
    assert ops(order.optimise(once)) == ops(once)
