"""Train blocks: steps follow the formulas of optimizers, decay, clipping, rates, freezing; phases."""

from __future__ import annotations

import numpy as np
import pytest

from support.spec_runs import codes, train
from treadle.errors import TreadleError
from treadle.frontend.inline import inlined_text
from treadle.frontend.load import load_text
from treadle.frontend.result import Cadence, KeepRules

LINE = """
model Line {
  input x: [N]
  target t: [N]
  param w: [] = 2
  param b: [] = 1
  loss half_mse(w * x + b, t)
}
"""
DATA = {"x": np.array([1.0, 2.0, 4.0], np.float32), "t": np.array([0.5, 1.0, -1.0], np.float32)}


def gradients(w, b):
    error = w * DATA["x"] + b - DATA["t"]
    return np.array([(error * DATA["x"]).mean(), error.mean()])


def trajectory(settings: str, steps: int = 4) -> np.ndarray:
    training = train(f"{LINE}train Line {{ {settings}\n steps 10 }}\n", N=3)
    found = []
    for number in range(steps):
        training.step(number, **DATA)
        found.append([float(training["w"]), float(training["b"])])
    return np.array(found)


def expected(update, steps: int = 4) -> np.ndarray:
    """The trajectory of `update(parameters, gradient, memory, number)`."""
    p, memory, found = np.array([2.0, 1.0]), {}, []
    for number in range(steps):
        p = update(p, gradients(*p), memory, number)
        found.append(p)
    return np.array(found)


def momentum(p, g, memory, number):
    memory["v"] = 0.9 * memory.get("v", 0) + g
    return p - 0.01 * memory["v"]


def adam(p, g, memory, number):
    memory["m"] = 0.9 * memory.get("m", 0) + 0.1 * g
    memory["v"] = 0.99 * memory.get("v", 0) + 0.01 * g * g
    m, v = memory["m"] / (1 - 0.9 ** (number + 1)), memory["v"] / (1 - 0.99 ** (number + 1))
    return p - 0.1 * m / (np.sqrt(v) + 1e-8)


def clipped(p, g, memory, number):
    return p - 0.1 * g * min(1, 0.5 / np.linalg.norm(g))


def cosine(p, g, memory, number):
    warm = min((number + 1) / 2, 1)
    return p - 0.1 * warm * 0.5 * (1 + np.cos(np.pi * max(number - 2, 0) / 98)) * g


@pytest.mark.parametrize(
    ("settings", "update"),
    [
        ("optimizer sgd(0.1)", lambda p, g, memory, number: p - 0.1 * g),
        ("optimizer sgd(0.01, momentum = 0.9)", momentum),
        ("optimizer adam(0.1, beta2 = 0.99)", adam),
        ("optimizer sgd(0.1)  decay l2(0.3) over w", lambda p, g, m, n: p - 0.1 * (g + 0.3 * p * [1, 0])),
        (
            "optimizer sgd(0.1)  decay l1(0.3) over [w, b]",
            lambda p, g, m, n: p - 0.1 * (g + 0.3 * np.sign(p)),
        ),
        ("optimizer sgd(0.1)  clip global_norm(0.5)", clipped),
        ("optimizer sgd(0.1)  clip by_value(0.5)", lambda p, g, m, n: p - 0.1 * g.clip(-0.5, 0.5)),
        ("optimizer sgd(0.1)  rate 0.5 over b", lambda p, g, m, n: p - 0.1 * g * [1, 0.5]),
        ("optimizer sgd(0.1)  freeze b", lambda p, g, m, n: p - 0.1 * g * [1, 0]),
        (
            "optimizer sgd(0.1)  constrain weight_clip(1.0) over parameters",
            lambda p, g, m, n: (p - 0.1 * g).clip(-1, 1),
        ),
        ("optimizer sgd(inverse_time(0.1, 0.5))", lambda p, g, m, n: p - 0.1 / (1 + 0.5 * n) * g),
        ("optimizer sgd(cosine(0.1, warmup = 2))", cosine),
    ],
)
def test_steps_follow_the_formula(settings, update):
    np.testing.assert_allclose(trajectory(settings), expected(update), rtol=2e-5, atol=1e-6)


NAMES = "sgd momentum_mean adagrad adadelta rmsprop adam adamw adamax nadam radam rprop lion lars lamb"


@pytest.mark.parametrize("name", NAMES.split())
def test_every_optimizer_goes_downhill(name):
    training = train(f"{LINE}train Line {{ optimizer {name}()\n steps 10 }}\n", N=3)
    losses = [float(training.step(number, **DATA)["loss"]) for number in range(8)]
    assert losses[-1] < losses[0]


def test_states_that_start_from_a_number_are_one_for_all_parameters():
    plan = load_text(f"{LINE}train Line {{ optimizer adam()\n steps 1 }}\n").trains["Line"]
    states = [name for name, leaf in plan.leaves.items() if leaf.kind == "state"]
    assert states == ["adam.m:w", "adam.v:w", "adam.t", "adam.m:b", "adam.v:b"]


def test_a_common_state_cannot_depend_on_a_parameter():
    text = "optimizer o(lr)(w, g) { state s = 0\n s <- s + sum(g)\n w <- w - lr * s }\n"
    assert codes(f"{text}{LINE}train Line {{ optimizer o(0.1)\n steps 1 }}\n") == ["E0504"]


GAME = """
model Game {
  input x: [N]
  A = dense(1, init = ones)
  B = dense(1, init = ones)
  output y = A(x[:, none])
}
train Game {
  phase first repeat 3 { minimize mean(B(x[:, none])) over B with sgd(0.1) }
  phase second { minimize mean((A(x[:, none]) - B(x[:, none]))^2) over A with adam(0.1) }
  steps 10
}
"""


def test_each_phase_changes_its_own_players():
    training = train(GAME, N=3)
    assert [(phase.name, phase.repeat) for phase in training.plan.phases] == [("first", 3), ("second", 1)]
    before = {name: training[name] for name in ("A.W", "B.W")}
    training.step(phase="first", x=DATA["x"])
    assert training["B.W"] != before["B.W"]
    assert training["A.W"] == before["A.W"]
    middle = training["B.W"]
    training.step(phase="second", x=DATA["x"])
    assert training["B.W"] == middle
    assert training["A.W"] != before["A.W"]


def test_phases_have_optimizer_states_of_their_own():
    leaves = load_text(GAME).trains["Game"].leaves
    assert "second.adam.t" in leaves
    assert "second.adam.m:A.W" in leaves


def test_weights_biases_and_layers_can_be_selected():
    body = "model M { input x: [N, 2]\n a = dense(3)\n b = dense(1)\n loss mean(b(a(x))) }\n"
    for chosen, frozen in [
        ("weights", {"a.W", "b.W"}),
        ("biases", {"a.b", "b.b"}),
        ("a", {"a.W", "a.b"}),
        ("[a, b.W]", {"a.W", "a.b", "b.W"}),
        ('"*.b"', {"a.b", "b.b"}),
        ("a.W", {"a.W"}),
    ]:
        text = f"{body}train M {{ optimizer sgd(0.1)\n freeze {chosen}\n steps 1 }}\n"
        leaves = load_text(text).trains["M"].leaves
        assert {name for name, leaf in leaves.items() if not leaf.trainable} == frozen


def test_settings_of_a_plan():
    settings = "optimizer sgd(0.1)\n batch 16   epochs 4   seed 7\n keep best test.loss\n"
    settings += " stop when no_improvement(test.loss, patience = 3)\n shuffle false"
    plan = load_text(f"{LINE}train Line as fit {{ {settings} }}\n").trains["fit"]
    assert (plan.batch, plan.epochs, plan.steps, plan.seed) == (16, 4, None, 7)
    assert plan.keep_best == "test.loss"
    assert plan.stop is not None
    assert (plan.stop.metric, plan.stop.patience, plan.stop.mode) == ("test.loss", 3, "min")
    assert plan.settings == {"shuffle": False}


def test_rules_of_keeping():
    settings = "optimizer sgd(0.1)\n epochs 4\n keep best 3 by test.loss\n keep last 1 + 1\n"
    settings += " keep every 10 epochs   save every 500 steps"
    plan = load_text(f"{LINE}train Line as fit {{ {settings} }}\n").trains["fit"]
    assert plan.keep_best == "test.loss"
    assert plan.keep == KeepRules(3, 2, Cadence(10, "epochs"), Cadence(500, "steps"))
    rendered = inlined_text(load_text(f"{LINE}train Line as fit {{ {settings} }}\n").module)
    for rule in (
        "keep best 3 by test.loss",
        "keep last 1 + 1",
        "keep every 10 epochs",
        "save every 500 steps",
    ):
        assert rule in rendered


def test_losses_add_up_with_their_weights():
    body = "model M { input x: [N]\n param w: [] = 3\n loss a = w * mean(x)\n loss b = w^2 weight 0.5 }\n"
    training = train(f"{body}train M {{ optimizer sgd(0.0)\n steps 1 }}\n", N=2)
    found = training.step(x=np.array([1.0, 3.0], np.float32))
    assert float(found["loss"]) == pytest.approx(6 + 4.5)
    assert float(found["loss:a"]) == pytest.approx(6)
    assert float(found["loss:b"]) == pytest.approx(9)


def test_arguments_of_a_model_are_given_by_its_training():
    body = "model M(units) { input x: [N, 2]\n loss mean(dense(units)(x)) }\n"
    plan = load_text(f"{body}train M(units = 5) {{ optimizer sgd(0.1)\n steps 1 }}\n").trains["M"]
    assert str(plan.leaves["dense.W"].type) == "f32[2, 5]"


def test_two_trainings_of_one_model_are_told_apart():
    block = "train Line { optimizer sgd(0.1)\n steps 1 }\n"
    assert list(load_text(LINE + block + block).trains) == ["Line", "Line_2"]


GROUPS = """
model Net {
  input  x: f32[N, 4]
  target y: i64[N]
  logits = x |> dense(8) |> relu |> dense(3)
  loss   cross_entropy(logits, y)
}
train Net { SETTINGS   steps 2 }
"""


def test_optimizers_of_groups():
    settings = "optimizer sgd(0.1)\n  optimizer rmsprop(0.1) over weights"
    (phase,) = load_text(GROUPS.replace("SETTINGS", settings)).trains["Net"].phases
    kept = [name.partition(":")[2] for name in phase.graph.states]
    assert set(kept) == {"dense.W", "dense_2.W"}
    assert set(phase.graph.updates) >= {"dense.W", "dense.b", "dense_2.W", "dense_2.b"}


def test_what_no_optimizer_takes_is_not_trained():
    (phase,) = load_text(GROUPS.replace("SETTINGS", "optimizer sgd(0.1) over biases")).trains["Net"].phases
    assert set(phase.graph.updates) == {"dense.b", "dense_2.b"}


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ("optimizer sgd(0.1) over weights\n  optimizer adam(0.1) over parameters", "E0615"),
        ("optimizer sgd(0.1)\n  optimizer adam(0.1)", "E0603"),
        ("optimizer sgd(0.1)\n  optimizer 3 over weights", "E0604"),
    ],
)
def test_mistakes_in_groups_of_optimizers(settings, code):
    with pytest.raises(TreadleError) as caught:
        load_text(GROUPS.replace("SETTINGS", settings))
    assert caught.value.diagnostics[0].code == code


def test_tied_weights_are_one_leaf_with_one_update():
    text = """
    model Tied {
      input  ids: i64[N, T]
      target y: i64[N, T]
      words = embedding(7, 4)
      logits = tanh(words(ids)) @ words.table.T
      loss cross_entropy(logits, y)
    }
    train Tied { optimizer sgd(0.1)   steps 2 }
    """
    (phase,) = load_text(text).trains["Tied"].phases
    assert list(phase.graph.params) == ["words.table"]
    assert list(phase.graph.updates) == ["words.table"]


def test_auxiliary_losses_may_exist_in_training_only():
    text = """
    model Net {
      input  x: f32[N, 4]
      target y: i64[N]
      h = x |> dense(8) |> relu
      logits = h |> dense(3)
      loss cross_entropy(logits, y)
      if training { loss help = cross_entropy(h |> dense(3), y) weight 0.3 }
    }
    train Net { optimizer sgd(0.1)   steps 2 }
    """
    plan = load_text(text).trains["Net"]
    assert "loss:help" in plan.phases[0].graph.outputs
    assert "loss:help" not in plan.eval.graph.outputs


def test_a_scan_may_stand_alone():
    found = trajectory("""phase p {
      scan k in range(3) with y = w { y = y * y }
      minimize y over w with sgd(1e-4)
    }""")
    w, steps = 2.0, []
    for _ in found:
        w -= 1e-4 * 8 * w**7
        steps.append([w, 1.0])
    np.testing.assert_allclose(found, steps, rtol=1e-5)
