"""Networks from Python: arrays in, arrays out, the same numbers as the command line's stages."""

from __future__ import annotations

import json

import numpy as np
import pytest

import treadle

SPEC = """
model Net {
  input  x: f32[N, 3]
  target t: f32[N, 2]
  h = x |> dense(4) |> tanh |> dropout(0.5)
  y = h |> dense(2)
  output y
  loss mse(y, t)
  metric distance = mean(abs(y - t))
}
train Net {
  optimizer sgd(0.1)
  epochs 3
  batch 4
  seed 5
}
"""
TWO = """
model Two {
  input x: f32[N, 3]
  output a = x |> dense(2)
  output b = x * 2
  output shifted = x + 1
}
"""
DRAW = np.random.default_rng(1)
X = DRAW.standard_normal((8, 3)).astype(np.float32)
T = DRAW.standard_normal((8, 2)).astype(np.float32)


@pytest.fixture
def net() -> treadle.Network:
    """A small network, interpreted."""
    return treadle.compile(SPEC, device="numpy")


def by_hand(net: treadle.Network, x: np.ndarray) -> np.ndarray:
    """What the network computes without dropout."""
    p = net.parameters
    return np.tanh(x @ p["dense.W"] + p["dense.b"]) @ p["dense_2.W"] + p["dense_2.b"]


def test_forward_gives_the_outputs(net: treadle.Network) -> None:
    assert (net.inputs, net.targets, net.outputs, net.phases) == (("x",), ("t",), ("y",), ("step",))
    np.testing.assert_allclose(net.forward(X)["y"], by_hand(net, X), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(net(x=X), net.forward(X)["y"])
    assert net(X[:1]).shape == (1, 2)  # another size of batch


@pytest.mark.parametrize("device", ["numpy", "cpu"])
def test_a_step_goes_down_the_gradient(device: str) -> None:
    net = treadle.compile(SPEC, device=device)
    before = {name: value.copy() for name, value in net.parameters.items()}
    gradient = net.gradient(X, T)
    values = net.step(X, T)
    assert set(values) == {"loss", "distance"}
    assert values["loss"] == pytest.approx(gradient.loss, rel=1e-6)  # the same draws of dropout
    for name, value in net.parameters.items():
        np.testing.assert_allclose(value, before[name] - 0.1 * gradient[name], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(net(X), by_hand(net, X), rtol=1e-5, atol=1e-6)  # in another session


def test_gradients_in_inputs(net: treadle.Network) -> None:
    found = net.gradient(X, T, wrt=["x", "dense_2.b"])
    assert found["x"].shape == X.shape
    assert set(found.of) == {"x", "dense_2.b"}


def test_parameters_can_be_set(net: treadle.Network) -> None:
    net.forward(X)
    for name in net.parameters:
        net.parameters[name] = np.zeros_like(net.parameters[name])
    net.parameters["dense_2.b"] = [1, 2]
    np.testing.assert_array_equal(net(X), np.tile(np.float32([1, 2]), (8, 1)))
    with pytest.raises(treadle.TreadleError, match=r"E0804.*`dense_2.b` is f32\[2\]"):
        net.parameters["dense_2.b"] = np.zeros(3)


def test_the_same_seed_trains_the_same_way_at_once_and_step_by_step(net: treadle.Network) -> None:
    """`train` is `step` over the batches of the spec; without shuffling these are known."""
    unshuffled = SPEC.replace("seed 5", "seed 5\n  shuffle false")
    whole, stepped = treadle.compile(unshuffled, device="numpy"), treadle.compile(unshuffled, device="numpy")
    history = whole.train({"x": X, "t": T}, epochs=2)
    losses = [stepped.step(X[at : at + 4], T[at : at + 4])["loss"] for _ in range(2) for at in (0, 4)]
    assert history["train.loss"] == pytest.approx([np.mean(losses[:2]), np.mean(losses[2:])])
    for name, value in whole.parameters.items():
        np.testing.assert_array_equal(value, stepped.parameters[name])
    assert whole.evaluate({"x": X, "t": T})["given.distance"] == pytest.approx(np.abs(whole(X) - T).mean())


def test_training_keeps_a_run_where_one_is_asked_for(net: treadle.Network, tmp_path) -> None:
    events: list[object] = []
    history = net.train(
        {"train": {"x": X, "t": T}, "test": {"x": X, "t": T}}, run=tmp_path / "run", on_event=events.append
    )
    assert history.run == tmp_path / "run"
    assert json.loads((history.run / "status.json").read_text())["state"] == "done"
    assert (history.run / "spec" / "spec.tdl").read_text() == SPEC
    assert len(history["test.loss"]) == 3
    assert (tmp_path / "run" / "last.safetensors").is_file()
    assert events
    with pytest.raises(KeyError, match=r"did you mean `test\.loss`"):
        history["test.los"]


def test_weights_are_kept_in_files(net: treadle.Network, tmp_path) -> None:
    net.step(X, T)
    net.save(tmp_path / "w.safetensors")
    again = treadle.compile(SPEC, device="numpy", weights=tmp_path / "w.safetensors")
    np.testing.assert_array_equal(again(X), net(X))


def test_large_arrays_are_passed_on_without_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program reads the caller's memory, and writes into the array that the caller gets."""
    from treadle.backends.numba_cpu import session  # noqa: PLC0415

    given: list[int] = []
    pointed = session.point
    monkeypatch.setattr(
        session, "point", lambda bindings, address: (given.append(address), pointed(bindings, address))[1]
    )
    net = treadle.compile(TWO)
    x = np.ones((2000, 3), np.float32)
    first = net.forward(x)
    assert x.ctypes.data in given
    assert {array.ctypes.data for array in first.values()} <= set(given)
    second = net.forward(x * 5)
    assert not any(np.shares_memory(first[name], second[name]) for name in first)
    np.testing.assert_array_equal(first["b"], 2 * x)
    np.testing.assert_array_equal(second["b"], 10 * x)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda net: net(X[:, :2]), r"E0703.*`x`: the model expects f32\[N, 3\], the call has f32\[8, 2\]"),
        (lambda net: net(["a", "b"]), r"E0704.*`x`: the model expects"),
        (lambda net: net([[1, 2, 3], [4]]), r"E0704.*is no array"),
        (lambda net: net(), r"E0610.*the input `x` is missing"),
        (lambda net: net(X, x=X), r"E0610.*given twice"),
        (lambda net: net(X, T), r"E0610.*2 arrays are given"),
        (lambda net: net.step(X, tt=T), r"E0610.*no input `tt`(.|\n)*did you mean `t`"),
        (lambda net: net.step(X), r"E0610.*the input `t` is missing"),
        (lambda net: net.step(X, T, phase="stepp"), r"E1005.*no phase `stepp`(.|\n)*did you mean `step`"),
        (lambda net: net.gradient(X, T, wrt=["dense.w"]), r"E1005.*`dense.w`(.|\n)*did you mean `dense.W`"),
        (lambda net: net.train(), "E0610"),
        (lambda net: net.train({"x": X, "t": T[:3]}), r"E0610.*differ in their number|E0703"),
    ],
)
def test_wrong_calls_are_named(net: treadle.Network, call, text: str) -> None:
    with pytest.raises(treadle.TreadleError, match=text):
        call(net)


def test_a_model_alone_has_outputs_and_no_steps() -> None:
    net = treadle.load(TWO).compile(device="numpy")
    assert net.outputs == ("a", "b", "shifted")
    with pytest.raises(treadle.TreadleError, match=r"E1005.*several outputs"):
        net(X)
    with pytest.raises(treadle.TreadleError, match=r"E1005.*no train block"):
        net.step(X)
    with pytest.raises(treadle.TreadleError, match=r"E1005.*declares no `loss`"):
        net.gradient(X)
