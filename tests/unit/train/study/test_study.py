"""Studies of networks whose curvature, surface and regions are known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from support.trainings import line_spec
from treadle.cli import app
from treadle.frontend.load import load_text
from treadle.train.study.curvature import curvature, verdict
from treadle.train.study.looks import Network, activations, decision_regions, saliency, weight_pictures
from treadle.train.study.probe import Probe
from treadle.train.study.surface import loss_surface

RNG = np.random.default_rng(0)
X = RNG.normal(size=(16, 2)).astype(np.float32)
Y = RNG.normal(size=(16, 2)).astype(np.float32)
SQUARES = """
model M {
  input x: f32[N, 2]
  target y: f32[N, 2]
  param W: [2, 2] = zeros
  param b: [2] = zeros
  p = x @ W + b
  output p
  loss 0.5 * mean(sum((p - y)^2, axis = 1))
}
"""


def probe_of(text, leaves, batch, **sizes):
    return Probe(load_text(text).models["M"], leaves, batch, sizes, "numpy")


@pytest.fixture
def squares():
    leaves = {"W": np.ones((2, 2), np.float32), "b": np.zeros(2, np.float32)}
    return probe_of(SQUARES, leaves, {"x": X, "y": Y}, N=16)


def best_weights():
    design = np.c_[X, np.ones(16)]
    solution = np.linalg.lstsq(design, Y, rcond=None)[0]
    return {"W": solution[:2].astype(np.float32), "b": solution[2].astype(np.float32)}


def test_eigenvalues_of_least_squares(squares):
    design = np.c_[X, np.ones(16)]
    expected = np.repeat(np.linalg.eigvalsh(design.T @ design / 16), 2)
    found = curvature(squares)
    assert found.complete
    assert np.allclose(found.eigenvalues, expected, atol=1e-5)
    assert found.verdict == "on a slope, curved like a minimum"


def test_the_best_weights_are_a_minimum():
    assert curvature(probe_of(SQUARES, best_weights(), {"x": X, "y": Y}, N=16)).verdict == "minimum"


def test_extreme_eigenvalues_of_a_larger_network(squares):
    text = "model M {\n input x: [1]\n param w: [500] = zeros\n d = cast(positions(500), f32)\n"
    text += " loss 0.5 * sum((d - 100) * w^2) + 0 * sum(x)\n}"
    found = curvature(probe_of(text, {"w": np.zeros(500, np.float32)}, {"x": np.zeros(1, np.float32)}))
    assert not found.complete
    assert np.allclose(found.eigenvalues[[0, -1]], [-100, 399], rtol=1e-3)
    assert found.verdict == "saddle"


@pytest.mark.parametrize(
    ("eigenvalues", "gradient", "expected"),
    [
        ([1.0, 2.0], 0.0, "minimum"),
        ([-1.0, -2.0], 0.0, "maximum"),
        ([-1.0, 2.0], 0.0, "saddle"),
        ([0.0, 2.0], 0.0, "minimum, flat in some directions"),
        ([0.0, 0.0], 0.0, "plane"),
        ([-1.0, 2.0], 1.0, "on a slope, curved like a saddle"),
    ],
)
def test_verdicts(eigenvalues, gradient, expected):
    assert verdict(np.array(eigenvalues), gradient) == expected


@pytest.mark.parametrize("directions", ["random", "gradient"])
def test_the_middle_of_a_surface_is_the_trained_loss(squares, directions):
    found = loss_surface(squares, directions, points=5)
    assert found.losses[2, 2] == pytest.approx(squares.loss(squares.weights))
    curved = found.losses[2]
    second = np.diff(curved, 2)
    assert np.allclose(second, second[0], rtol=1e-3)  # least squares is a parabola along every line


def test_the_gradient_points_uphill(squares):
    row = loss_surface(squares, "gradient", points=3, reach=1e-3).losses[1]
    assert row[0] < row[1] < row[2]


def test_vectors_alone_move_too():
    text = "model M {\n param t: [2] = zeros\n loss sum(t^2 * tensor([1.0, -1.0]))\n}"
    probe = probe_of(text, {"t": np.zeros(2, np.float32)}, {})
    assert curvature(probe).verdict == "saddle"
    losses = loss_surface(probe, points=9).losses
    assert losses.min() < -1e-3 < 1e-3 < losses.max()


def test_regions_of_a_linear_classifier(squares):
    leaves = {"W": np.array([[1, -1], [0, 0]], np.float32), "b": np.zeros(2, np.float32)}
    found = decision_regions(Network(squares.model, leaves, "numpy"), X, resolution=20)
    assert (found.answers == (found.x < 0)[None, :]).all()


def test_saliency_is_the_gradient_of_the_loss_by_the_input(squares):
    leaves = squares.leaves
    network = Network(squares.model, leaves, "numpy")
    (found,) = saliency(network, squares.batch, squares.sizes).values()
    assert np.allclose(found, np.abs((X @ leaves["W"] - Y) @ leaves["W"].T / 16), atol=1e-6)


def test_activations_and_pictures_of_a_convolution():
    text = "model M {\n input x: f32[N, 1, 6, 6]\n h = conv2d(3, kernel = 3)(x)\n loss mean(h^2)\n}"
    model = load_text(text).models["M"]
    shapes = {name: leaf.type.static_shape() for name, leaf in model.leaves.items()}
    leaves = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    batch = {"x": RNG.normal(size=(4, 1, 6, 6)).astype(np.float32)}
    (found,) = activations(Network(model, leaves, "numpy"), batch, {"N": 4}).values()
    assert found.shape == (4, 3, 4, 4)
    assert [picture.shape for picture in weight_pictures(leaves, list(leaves)).values()] == [(3, 3, 3)]


def test_the_command_writes_pictures_arrays_and_facts(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "line.tdl").write_text(line_spec())
    for words in (["train", "line.tdl", "--quiet"], ["study", "line.tdl", "--points", "5", "--json"]):
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            app.main([*words, "--device", "numpy"])
        assert not caught.value.code
    told = json.loads(capsys.readouterr().out)
    assert set(told["gradients"]) == {"dense.W", "dense.b"}
    folder = tmp_path / told["folder"]
    pictures = {path.name for path in folder.glob("*.png")}
    assert pictures == {"regions.png", "surface.png", "curvature.png", "gradients.png", "weights.png"}
    with np.load(folder / "study.npz") as arrays:
        assert arrays["surface.losses"].shape == (5, 5)
