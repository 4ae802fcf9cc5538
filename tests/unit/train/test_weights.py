"""Weights are loaded by name into what `into` selects; differences are named; `partial` takes what fits."""

from __future__ import annotations

import numpy as np
import pytest

from support.trainings import Training
from treadle.errors import TreadleError
from treadle.train.checkpoint import Checkpoint, save_checkpoint
from treadle.train.data.folders import Folders
from treadle.train.weights import load_weights, renamed

SPEC = """
model Net {{
  input x: f32[N, 2]
  target t: i64[N]
  encoder = sequential([dense(3), batch_norm(), relu])
  logits = x |> encoder |> dense(2)
  loss cross_entropy(logits, t)
}}
data Points {{
  train = moons(20)
  x = train.points
  t = train.labels
}}
train Net on Points {{
  optimizer sgd(0.1)   batch 4   epochs 1   {settings}
  {load}
}}
"""
ENCODER = {
    "dense.W": np.ones((2, 3), np.float32),
    "dense.b": np.full(3, 2, np.float32),
}


def trained(tmp_path, load, values, settings=""):
    save_checkpoint(tmp_path / "base.safetensors", Checkpoint(values))
    training = Training(SPEC.format(load=load, settings=settings), tmp_path / "run")
    reports = load_weights(training.plan, training.programs.session, Folders((tmp_path,)))
    return training, reports


def encoder_leaves(training):
    return {name: leaf for name, leaf in training.plan.eval.leaves.items() if name.startswith("encoder.")}


def full(training_leaves, prefix=""):
    return {
        name.removeprefix("encoder.") if not prefix else prefix + name.removeprefix("encoder."): np.full(
            leaf.type.static_shape(), number, np.float32
        )
        for number, (name, leaf) in enumerate(training_leaves.items(), 1)
    }


@pytest.fixture
def leaves(tmp_path):
    return encoder_leaves(Training(SPEC.format(load="", settings=""), tmp_path / "first"))


def test_names_may_lack_the_path_of_the_layer(tmp_path, leaves):
    training, (report,) = trained(tmp_path, 'load "base.safetensors" into encoder', full(leaves))
    assert set(report.loaded) == set(leaves)
    for number, name in enumerate(leaves, 1):
        assert (training.programs.session.read(name) == number).all()


def test_states_of_the_layers_are_loaded_too(tmp_path, leaves):
    assert any(leaf.kind == "state" for leaf in leaves.values())
    _, (report,) = trained(tmp_path, 'load "base.safetensors" into encoder', full(leaves))
    assert not report.missing


def test_rules_rename(tmp_path, leaves):
    load = 'load "base.safetensors" into encoder rename ["bert.*", "*"]'
    _, (report,) = trained(tmp_path, load, full(leaves, "bert."))
    assert set(report.loaded) == set(leaves)


def test_differences_are_refused_all_at_once(tmp_path, leaves):
    values = full(leaves)
    first, second, *_ = values
    values["extra"] = np.zeros(2, np.float32)
    values[second] = np.zeros((9, 9), np.float32)
    del values[first]
    with pytest.raises(TreadleError) as caught:
        trained(tmp_path, 'load "base.safetensors" into encoder', values)
    assert [one.code for one in caught.value.diagnostics] == ["E0803", "E0804", "E0805"]


def test_partial_takes_what_fits_and_says_what_does_not(tmp_path, leaves):
    values = full(leaves)
    first, second, *_ = values
    values["extra"] = np.zeros(2, np.float32)
    values[second] = np.zeros((9, 9), np.float32)
    del values[first]
    _, (report,) = trained(tmp_path, 'load "base.safetensors" into encoder partial', values)
    assert report.missing == [f"encoder.{first}"]
    assert report.unexpected == {"extra": (2,)}
    assert report.other_shape == {f"encoder.{second}": (9, 9)}
    first_line, *table = str(report).splitlines()
    counts = "1 missing; 1 of another shape; 1 unexpected"
    assert first_line == f"base.safetensors: {len(leaves) - 2} tensors loaded; {counts}"
    assert [line.split()[0] for line in table] == ["missing", "of", "unexpected"]


def test_partial_with_patterns_allows_these_differences_only(tmp_path, leaves):
    values = full(leaves)
    first, second, *_ = values
    del values[first], values[second]
    load = 'load "base.safetensors" into encoder partial "{}"'
    _, (report,) = trained(tmp_path, load.format("*encoder.*"), values)
    assert len(report.missing) == 2
    with pytest.raises(TreadleError) as caught:
        trained(tmp_path, load.format(f"encoder.{first}"), values)
    (one,) = caught.value.diagnostics
    assert (one.code, [note.split()[0] for note in one.notes]) == ("E0803", [f"encoder.{second}"])


@pytest.mark.parametrize("rule", ['"*.W"', '["*.W", [1, 0]]', '"encoder.layers[0].W"'])
def test_transposed_weights(tmp_path, leaves, rule):
    values = full(leaves)
    values["layers[0].W"] = np.arange(6, dtype=np.float32).reshape(3, 2)
    training, (report,) = trained(tmp_path, f'load "base.safetensors" into encoder transpose {rule}', values)
    assert np.array_equal(training.programs.session.read("encoder.layers[0].W"), values["layers[0].W"].T)
    assert not report.unused


def test_hints_go_by_shape_before_name(tmp_path, leaves):
    values = {f"x.{name}": value for name, value in full(leaves).items()}
    values["x.layers[0].W"] = np.zeros((3, 2), np.float32)
    with pytest.raises(TreadleError) as caught:
        trained(tmp_path, 'load "base.safetensors" into encoder', values)
    missing = "\n".join(caught.value.diagnostics[0].notes)
    assert "`x.layers[0].W` has this shape transposed" in missing
    assert "`x.layers[0].b` has this shape" in missing


def test_two_values_for_one_parameter_are_an_error(tmp_path, leaves):
    values = full(leaves) | {"encoder.layers[0].b": np.zeros(3, np.float32)}
    with pytest.raises(TreadleError) as caught:
        trained(tmp_path, 'load "base.safetensors" into encoder', values)
    (one,) = caught.value.diagnostics
    assert (one.code, "`encoder.layers[0].b` has a value already" in one.notes[0]) == ("E0805", True)


def test_rules_that_fit_nothing_are_named(tmp_path, leaves):
    load = 'load "base.safetensors" into encoder rename ["bert.*", "*"]'
    _, (report,) = trained(tmp_path, load, full(leaves))
    assert 'no name fits "bert.*"' in str(report)


def test_a_run_of_the_same_model_loads_as_it_is(tmp_path):
    first = Training(SPEC.format(load="", settings=""), tmp_path / "first")
    names = first.plan.leaves
    values = {name: first.programs.session.read(name) + 1 for name in names}
    values |= {"adam.m:dense.W": np.zeros((3, 2), np.float32), "adam.t": np.zeros((), np.float32)}
    training, (report,) = trained(tmp_path, 'load "base.safetensors"', values)
    assert not report.unexpected
    for name in training.plan.eval.leaves:
        assert np.array_equal(training.programs.session.read(name), values[name])


def test_averages_start_from_what_was_loaded(tmp_path, leaves):
    training, (report,) = trained(
        tmp_path, 'load "base.safetensors" into encoder', full(leaves), settings="ema 0.9"
    )
    name = next(name for name in report.loaded if f"ema:{name}" in training.plan.leaves)
    assert np.array_equal(training.programs.session.read(f"ema:{name}"), report.loaded[name])


@pytest.mark.parametrize(
    ("name", "rules", "expected"),
    [
        ("a.b", [], "a.b"),
        ("bert.layer.3.W", [("bert.layer.*.*", "block[*].*")], "block[3].W"),
        ("x.kernel", [("y.*", "z.*"), ("*.kernel", "*.W")], "x.W"),
        ("a.b", [("a.*", "c.*"), ("c.*", "d.*")], "c.b"),
    ],
)
def test_renaming(name, rules, expected):
    assert renamed(name, rules) == expected


def test_low_rank_adaptation_starts_from_the_base_and_leaves_it_as_it_is(tmp_path):
    base = Training(SPEC.format(load="", settings=""), tmp_path / "first")
    values = {name: base.programs.session.read(name) for name in base.plan.eval.leaves}
    text = SPEC.replace(
        "train Net on", "adapt Net as Tuned {{ wrap dense with lora(rank = 1); freeze }}\ntrain Tuned on"
    )
    load = 'load "base.safetensors" partial'
    save_checkpoint(tmp_path / "base.safetensors", Checkpoint(values))
    tuned = Training(text.format(load=load, settings=""), tmp_path / "second")
    (report,) = load_weights(tuned.plan, tuned.programs.session, Folders((tmp_path,)))
    assert set(report.loaded) == set(values)
    assert all(".lora." in name for name in report.missing)
    tuned.finish()
    weights = [name for name, leaf in base.plan.eval.leaves.items() if leaf.kind == "param"]
    assert all(np.array_equal(tuned.programs.session.read(name), values[name]) for name in weights)
    assert (tuned.programs.session.read("dense.lora.B") != 0).any()
