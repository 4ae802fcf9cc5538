"""Trainings with `precision bf16` and `precision f16` go where those in float32 go: products run small,
parameters and optimizers stay float32, and steps whose float16 gradients overflow are left out."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from treadle.driver import Program, compile_programs, optimise
from treadle.errors import TreadleError
from treadle.frontend.elaborate.loss_scaling import FIRST
from treadle.frontend.load import load_text
from treadle.ir import RNG_INPUT, STEP_INPUT, Graph
from treadle.train.programs import initial_values
from treadle.types import DType

DENSE = """
  input x: f32[N, 16]
  target t: i64[N]
  logits = x |> dense(24) |> relu |> dense(4)
"""
CONVOLUTIONS = """
  input x: f32[N, 1, 10, 10]
  target t: i64[N]
  logits = x |> conv2d(4, kernel = 3) |> relu |> max_pool2d(2) |> flatten |> layer_norm |> dense(4)
"""
RECURRENCE = """
  input x: f32[N, 6, 3]
  target t: i64[N]
  h = x |> lstm(8)
  logits = h[:, -1] |> dense(4)
"""
MODELS = {"dense": DENSE, "convolutions": CONVOLUTIONS, "recurrence": RECURRENCE}
BATCH = 16


def plan_of(model: str, settings: str = "optimizer adam(0.01)"):
    text = f"model M {{{model}  loss cross_entropy(logits, t)\n}}\n"
    text += f"train M {{\n  {settings}\n  batch {BATCH}  steps 1\n}}\n"
    (plan,) = load_text(text).trains.values()
    return plan


def inputs_of(graph: Graph, factor: float = 1.0):
    draw = np.random.default_rng(1)
    shape = [BATCH, *graph.inputs["x"].type.shape[1:]]
    x = draw.standard_normal(shape).astype(np.float32)
    t = (x.reshape(BATCH, -1)[:, :2] > 0) @ np.array([1, 2])
    reserved = {RNG_INPUT: np.array([0, 0]), STEP_INPUT: np.array(0)}
    return {"x": x * factor, "t": t} | {name: v for name, v in reserved.items() if name in graph.inputs}


def session_of(plan, device="numpy"):
    (phase,) = plan.phases
    program = Program(phase.graph, {"N": BATCH}, phase.precision)
    session = compile_programs({"step": program}, device, threads=1)
    for name, value in initial_values(plan.init, 0, BATCH).items():
        session.write(name, value)
    return session, phase.graph


def losses(plan, device="numpy", count=12):
    session, graph = session_of(plan, device)
    inputs = inputs_of(graph)
    return np.array([session.run("step", inputs)["loss"] for _ in range(count)])


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("precision", ["bf16", "f16"])
def test_trainings_end_close_to_float32(model, precision):
    expected = losses(plan_of(MODELS[model]), "cpu")
    found = losses(plan_of(MODELS[model], f"optimizer adam(0.01)  precision {precision}"), "cpu")
    assert expected[-1] < 0.9 * expected[0]
    np.testing.assert_allclose(found, expected, rtol=0.03)
    assert not np.array_equal(found, expected)


@pytest.mark.parametrize("precision", ["bf16", "f16"])
def test_the_compiled_step_is_the_reference_step(precision):
    """Rounded at the same places, a few steps agree far below the small type's own unit."""
    plan = plan_of(CONVOLUTIONS, f"optimizer sgd(0.05)  precision {precision}")
    np.testing.assert_allclose(losses(plan, "cpu", 3), losses(plan, "numpy", 3), rtol=2e-3)


def test_float32_is_the_default_in_every_bit():
    default, named = (plan_of(DENSE, f"optimizer adam(0.01) {word}") for word in ("", "precision f32"))
    np.testing.assert_array_equal(losses(named), losses(default))


@pytest.mark.parametrize("model", MODELS)
def test_products_run_small_and_leaves_stay_float32(model):
    """Forward and backward, in scan bodies too; sums and exponentials stay float32."""
    (phase,) = plan_of(MODELS[model], "optimizer adam(0.01)  precision bf16").phases
    graph = optimise(Program(phase.graph, {"N": BATCH}, phase.precision))
    nodes = [*graph, *(n for node in graph if node.op == "scan" for n in node.attrs["body"])]
    kinds = {op: {n.type.dtype for n in nodes if n.op == op} for op in ("matmul", "conv", "exp", "log")}
    assert kinds["matmul"] == {DType.BF16}
    assert kinds["conv"] <= {DType.BF16}
    assert kinds["exp"] | kinds["log"] == {DType.F32}
    assert {leaf.type.dtype for leaf in graph.leaves().values()} == {DType.F32}


def test_an_overflow_leaves_the_step_out_and_halves_the_scale():
    plan = plan_of(DENSE, "optimizer adam(0.01)  precision f16")
    session, graph = session_of(plan)
    before = {name: session.read(name) for name in graph.leaves()}
    session.run("step", inputs_of(graph, factor=1e5))
    for name, value in before.items():
        expected = FIRST / 2 if name == "loss_scale" else value
        np.testing.assert_array_equal(session.read(name), expected, err_msg=name)
    session.run("step", inputs_of(graph))
    assert session.read("loss_scale") == FIRST / 2
    assert session.read("loss_scale.good_steps") == 1
    assert not np.array_equal(session.read("dense.W"), before["dense.W"])


def test_the_scale_doubles_after_many_good_steps():
    session, graph = session_of(plan_of(DENSE, "optimizer adam(0.01)  precision f16"))
    session.write("loss_scale.good_steps", np.array(998, np.int32))
    for scale, good in ((FIRST, 999), (2 * FIRST, 0), (2 * FIRST, 1)):
        session.run("step", inputs_of(graph))
        assert (session.read("loss_scale"), session.read("loss_scale.good_steps")) == (scale, good)


def test_scaling_by_a_power_of_two_changes_no_float32_gradient():
    """What the scale does to a step in float32 is nothing, so that it may take any such value."""
    plan = plan_of(DENSE, "optimizer sgd(0.1)  precision f16")
    (phase,) = plan.phases
    exact = replace(plan, phases=(replace(phase, precision=DType.F32),))
    np.testing.assert_array_equal(
        losses(exact, count=4), losses(plan_of(DENSE, "optimizer sgd(0.1)"), count=4)
    )


@pytest.mark.parametrize("given", ["f64", '"bf16"', "16"])
def test_other_precisions_are_refused(given):
    with pytest.raises(TreadleError, match=re.escape("`precision` takes f32, bf16 or f16")) as caught:
        plan_of(DENSE, f"optimizer adam(0.01)  precision {given}")
    assert caught.value.diagnostics[0].code == "E0604"
