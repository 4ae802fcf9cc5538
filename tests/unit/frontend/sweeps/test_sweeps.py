"""A sweep's trials are points of its grid or repeatable draws; each is a spec with the values in place."""

from __future__ import annotations

import pytest

from treadle.errors import TreadleError
from treadle.frontend.load import load_text
from treadle.frontend.spec_text import spec_to_text
from treadle.frontend.sweeps import plan_sweep, substitute, trials_of

SPEC = """
const size = 8
model Net(depth = 1) {
  input x: f32[N, 2]
  target t: i64[N]
  h = x |> dense(size) |> relu |> dropout(0.1)
  logits = h |> dense(2)
  loss cross_entropy(logits, t)
}
data Points(noise = 0.1) {
  train = moons(20, noise = noise)
  x = train.points
  t = train.labels
}
train Net on Points { optimizer adam(1e-3)   batch 4   epochs 1 }
train Net on Points as other { optimizer sgd(1e-3)   batch 4   epochs 1 }
sweep Net { ITEMS }
"""


def sweep_of(items):
    module = load_text(SPEC.replace("ITEMS", items)).module
    return module, plan_sweep(module, module.sweeps[0])


def texts(items):
    return [trial.texts for trial in trials_of(sweep_of(items)[1])]


def spec_of(items):
    module, plan = sweep_of(items)
    return spec_to_text(substitute(module, plan, trials_of(plan)[0].values))


def test_a_grid_has_all_combinations():
    assert texts("size in [4, 8]; depth in [1, 2, 3]") == [
        {"size": size, "depth": depth} for size in ("4", "8") for depth in ("1", "2", "3")
    ]


def test_draws_are_repeatable_and_lie_in_their_ranges():
    items = (
        "optimizer.lr in log_uniform(1e-4, 1e-1); size in integers(3, 5); noise in uniform(-1, 1); trials 40"
    )
    once = texts(items)
    assert once == texts(items)
    assert once != texts(items + "; seed 1")
    assert all(1e-4 <= float(point["optimizer.lr"]) <= 1e-1 for point in once)
    assert {point["size"] for point in once} == {"3", "4", "5"}
    assert min(float(point["noise"]) for point in once) < -0.5


def test_more_trials_begin_with_the_same_ones():
    items = "size in integers(1, 1000); trials "
    assert texts(items + "9")[:5] == texts(items + "5")


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ("size in [5]", "const size = 5"),
        ("depth in [2]", "train Net(depth = 2) on Points"),
        ("Net.depth in [2]", "train Net(depth = 2) on Points"),
        ("noise in [0.3]", "on Points(noise = 0.3)"),
        ("batch in [2]", "batch 2"),
        ("steps in [7]", "steps 7"),
        ("ema in [0.9]", "ema 0.9"),
        ("optimizer in [sgd(0.1)]", "optimizer sgd(0.1)"),
        ("optimizer.lr in [0.1]", "optimizer adam(0.1)"),
        ("optimizer.beta1 in [0.5]", "optimizer adam(0.001, beta1 = 0.5)"),
        ("dropout.rate in [0.4]", "dropout(0.4)"),
        ("dense.init in [zeros]", "dense(size, init = zeros)"),
    ],
)
def test_values_take_their_place(items, expected):
    text = spec_of(items)
    assert expected in text
    load_text(text)


def test_a_trial_is_one_training_for_one_length():
    text = spec_of("steps in [7]")
    assert "epochs" not in text
    assert "as other" not in text
    assert "sweep" not in text


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ("hidden in [1]", "E1206"),
        ("optimizer.lrr in [1]", "E1206"),
        ("batch in 4", "E1207"),
        ("size in uniform(1, 2)", "E1207"),
        ("size in uniform(2, 1); trials 3", "E1207"),
        ("size in log_uniform(0, 1); trials 3", "E1207"),
        ("size in integers(1, 2.5); trials 3", "E1207"),
        ("size in integers(1, 9); trials 100000", "E1207"),
        ("size in [1]; trails 3", "E0601"),
        ("size in [1]; trials 0", "E0604"),
        ("size in [1]; best loss", "E0604"),
        ("seed 1", "E1206"),
    ],
)
def test_mistakes_are_found_by_check(items, code):
    with pytest.raises(TreadleError) as caught:
        sweep_of(items)
    assert caught.value.diagnostics[0].code == code
