"""Exported modules: what they contain, and that they compute what Treadle does where there is none."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.exported import run_apart
from treadle.frontend.load import load_text
from treadle.interop.standalone.module import export_module
from treadle.interop.standalone.values import model_values, starting_values
from treadle.train.data.folders import Folders
from treadle.train.feeds import load_feeds
from treadle.train.programs import compile_training
from treadle.train.progress import Progress
from treadle.train.stepper import Stepper

STRANGE = r'''
# A comment with """quotes""", a \backslash and größe.
layer lambda()(x: [..., I]) -> [..., I] {
  param file: f32[I] = 0.5
  return x * file + 1.0
}

model Strange {
  input np: f32[class, 3]
  input größe: f32[class, 3]

  load = np |> lambda() |> tanh
  output forward = load * größe
  output sum = sum(load, axis = 1) / 3.0
}
'''

DROPPED = """
model Dropped {
  input x: f32[N, 2]
  target t: i64[N]
  logits = x |> dense(16) |> relu |> dropout(0.3) |> batch_norm |> dense(2)
  output score = softmax(logits)
  loss cross_entropy(logits, t)
  metric accuracy(logits, t)
}

data Points {
  train = moons(50, noise = 0.1, test = 0.26)
  x = train.points
  t = train.labels
}

train Dropped on Points {
  optimizer adam(cosine(0.05, warmup = 3))
  decay l2(0.01) over weights
  clip global_norm(1.0)
  batch 8  epochs 3  seed 3
}
"""


CONVOLVED = """
model Convolved {
  input x: f32[N, 2, 6, 5]
  target t: i64[N]
  h = x |> conv2d(3, kernel = 3, padding = 1) |> relu |> conv2d(4, kernel = 3, stride = 2)
  logits = h |> flatten |> dense(3)
  output score = softmax(logits)
  loss cross_entropy(logits, t)
}

train Convolved {
  optimizer sgd(0.1)
  batch 2  steps 1
}
"""


@pytest.mark.parametrize("target", ["numpy", "python"])
def test_strange_names_are_no_obstacle(target: str, tmp_path: Path) -> None:
    """Keywords, names of the module's own and of NumPy, any letters, and text that ends strings."""
    checked = load_text(STRANGE)
    model = checked.models["Strange"]
    values, _ = model_values(model)
    random = np.random.default_rng(0)
    np_, size = (random.standard_normal((4, 3)).astype(np.float32) for _ in range(2))
    module = export_module(model, checked.source, target=target)
    inputs = dict(zip(module.programs[0].inputs.values(), (np_, size), strict=True))
    found = run_apart(tmp_path, module, {"forward": {"weights": values, **inputs}})
    load = np.tanh(np_ * np.float32(0.5) + 1)
    np.testing.assert_allclose(found["forward/forward"], load * size, rtol=1e-6)
    np.testing.assert_allclose(found["forward/sum"], load.sum(1) / 3, rtol=1e-6)


def test_the_head_says_what_goes_in() -> None:
    """A docstring with the spec, the functions and the shapes; nothing is imported that is not used."""
    checked = load_text(DROPPED)
    plan = checked.trains["Dropped"]
    text = export_module(plan.eval, checked.source, plan).text
    head = ast.get_docstring(ast.parse(text)) or ""
    assert "x: f32[N, 2]" in head
    assert "results, weights = step(weights, x, t)" in head
    assert all(line.strip() in head for line in DROPPED.strip().splitlines())
    assert "numba" not in text


def test_training_follows_treadle() -> None:
    """The losses of `train`'s steps are those of `treadle train`, dropout and schedule included."""
    checked = load_text(DROPPED)
    plan = checked.trains["Dropped"]
    feeds = load_feeds(checked, plan, Folders(()))
    programs = compile_training(plan, feeds, "numpy")
    stepper, progress = Stepper(plan, feeds["train"], programs), Progress()
    steps = plan.epochs * (feeds["train"].table.size // plan.batch)
    expected = [stepper.step(progress)["loss"] for _ in range(steps)]

    space: dict[str, Any] = {"__name__": "exported"}
    exec(export_module(plan.eval, checked.source, plan).text, space)  # noqa: S102 - text from a graph
    found: list[float] = []
    original = space["step"]

    def watched(*arguments: Any, **named: Any) -> Any:
        results, weights = original(*arguments, **named)
        found.append(float(results["loss"]))
        return results, weights

    space["step"] = watched
    columns = feeds["train"].table.columns
    last = space["train"](starting_values(plan)[0], {name: columns[name] for name in ("x", "t")})
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    np.testing.assert_allclose(last["dense.W"], programs.session.read("dense.W"), rtol=0, atol=1e-4)


def test_a_compiled_step_is_the_step(tmp_path: Path) -> None:
    """Convolutions, their gradients, products and loops as Numba compiles them, against NumPy's."""
    checked = load_text(CONVOLVED)
    plan = checked.trains["Convolved"]
    weights, _ = starting_values(plan)
    random = np.random.default_rng(0)
    x, t = random.standard_normal((2, 2, 6, 5)).astype(np.float32), np.array([0, 2])
    call = {"step": {"weights": weights, "x": x, "t": t}}
    found, expected = (
        run_apart(tmp_path, export_module(plan.eval, checked.source, plan, target), call)
        for target in ("python", "numpy")
    )
    assert found.keys() == expected.keys()
    for name, wanted in expected.items():
        np.testing.assert_allclose(found[name], wanted, rtol=0, atol=1e-5, err_msg=name)


def test_equal_layers_share_a_function() -> None:
    """Whatever their shapes and parameters are."""
    layers = " |> relu |> ".join(f"dense({size})" for size in (4, 8, 5, 3))
    checked = load_text(f"model M {{\n  input x: f32[N, 2]\n  output y = x |> {layers}\n}}\n")
    text = export_module(checked.models["M"], checked.source).text
    assert text.count("def dense") == 1
    assert text.count(" = dense(") == 4
