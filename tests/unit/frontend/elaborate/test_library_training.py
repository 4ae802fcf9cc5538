"""Optimizers and schedules of the library where a few steps can be followed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from support.spec_runs import train


def rates(schedule: str, steps: int) -> list[float]:
    text = f"""optimizer shown(lr = 0.0)(w, g) {{ w <- tensor(lr) }}
model M {{ param w: [] = 0
  loss w }}
train M {{ optimizer shown(lr = {schedule})  steps {steps} }}"""
    run = train(text)
    found = []
    for number in range(steps):
        run.step(number)
        found.append(float(run["w"]))
    return found


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("ramp(1.0, 4, start = 0.0)", [0, 0.25, 0.5, 0.75, 1, 1]),
        ("joined(ramp(1.0, 2, start = 0.0), step_decay(1.0, 2, 0.5), 2)", [0, 0.5, 1, 1, 0.5, 0.5]),
        ("cyclic(0.0, 1.0, 2)", [0, 0.5, 1, 0.5, 0, 0.5, 1]),
        ("cyclic(0.0, 1.0, 1, shrink = 0.5)", [0, 1, 0, 0.5, 0, 0.25]),
        ("warm_restarts(1.0, 2)", [1, 0.5, 1, 0.5]),
        ("warm_restarts(1.0, 1, grow = 2)", [1, 1, 0.5, 1, 0.853553, 0.5, 0.146447, 1]),
        ("cosine(1.0, total = 2, wave = true)", [1, 0.5, 0, 0.5, 1]),
        ("one_cycle(1.0, part = 0.5, start = 2.0, end = 4.0, total = 6, line = true)", [0.5, 0.75, 1]),
        ("one_cycle_momentum(part = 0.5, total = 6, line = true)", [0.95, 0.9, 0.85]),
    ],
)
def test_rates_by_step(schedule, expected):
    np.testing.assert_allclose(rates(schedule, len(expected)), expected, atol=1e-6)


def test_a_rate_falls_where_a_number_does_not():
    text = """model M {
  input error: f32[]
  param w: [] = 0
  loss 0 * error - w
}
train M {
  rate = plateau(1.0, factor = 0.5, patience = 1, cooldown = 1)(error)
  optimizer sgd(lr = rate)
  steps 9
}"""
    run = train(text)
    before, found = 0.0, []
    for error in [5.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 3.0]:
        run.step(error=np.float32(error))
        found.append(float(run["w"]) - before)
        before = float(run["w"])
    # two steps that are not better (patience 1), one that is not counted, two again
    assert found == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25]


def valley(optimizer: str, steps: int) -> float:
    text = f"""fn height(p) = (p[0] - 1)^2 + 10 * (p[1] + 2)^2
model M {{ param p: [2] = 0
  loss height(p) }}
train M {{ optimizer {optimizer}  steps {steps} }}"""
    run = train(text)
    for number in range(steps):
        run.step(number)
    return float(np.max(np.abs(run["p"] - [1, -2])))


@pytest.mark.parametrize(
    ("optimizer", "steps", "near"),
    [
        ("lbfgs(lr = 0.5)", 30, 1e-3),
        ("lbfgs_search(height, iterations = 4)", 3, 1e-4),
        ("asgd(0.04)", 100, 1e-2),
        ("adafactor(0.3)", 60, 0.2),
    ],
)
def test_a_valley_is_descended(optimizer, steps, near):
    assert valley(optimizer, steps) < near


def test_the_variances_of_a_matrix_are_kept_by_row_and_column():
    run = train("""model M { param w: [3, 4] = 1
  loss sum(w^2) }
train M { optimizer adafactor(0.1)  steps 1 }""")
    run.step()
    assert run["adafactor.rows:w"].shape == (3, 1)
    assert run["adafactor.columns:w"].shape == (1, 4)


def test_averaged_weights_are_the_mean_of_what_follows():
    run = train("""model M { param w: [] = 1
  loss w }
train M { optimizer asgd(1.0, decay = 0.0, from = 0)  steps 4 }""")
    seen = []
    for number in range(4):
        run.step(number)
        seen.append(float(run["w"]))
    assert seen == [0, -1, -2, -3]
    np.testing.assert_allclose(run["asgd.average:w"], np.mean(seen[1:]))


def test_the_first_change_is_not_dampened():
    run = train("""model M { param w: [] = 0
  loss w }
train M { optimizer sgd(1.0, momentum = 0.5, dampening = 0.5)  steps 2 }""")
    run.step()
    assert float(run["w"]) == -1
    run.step(1)
    assert float(run["w"]) == -2
