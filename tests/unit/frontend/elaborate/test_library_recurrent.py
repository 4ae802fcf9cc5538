"""Recurrent stacks: layers, directions, first and last states, ends of sequences."""

from __future__ import annotations

import numpy as np
import pytest

from support.spec_runs import initial_values, model, run_expression, run_model

X = np.linspace(-1, 1, 24, dtype=np.float32).reshape(2, 4, 3)
CELLS = {"rnn_cell": 1, "gru_cell": 1, "lstm_cell": 2}


def outputs(settings: str, call: str = "f(x)", **inputs):
    extra = "\n".join(f"input {name}: i64[{array.size}]" for name, array in inputs.items())
    body = f"""input x: f32[2, 4, 3]
{extra}
f = recurrent({settings})
y, ends = {call}
output y
output last = ends[0]"""
    found = model(body)
    leaves = initial_values(found.init, seed=1)
    return run_model(found, {"x": X, **inputs}, leaves), leaves


@pytest.mark.parametrize(("cell", "kept"), CELLS.items())
def test_the_last_state_is_the_last_output(cell, kept):
    found, _ = outputs(f"{cell}, 5, layers = 2, kept = {kept}")
    assert found["output:last"].shape == (2, 2, 5)
    np.testing.assert_array_equal(found["output:last"][1], found["output:y"][:, -1])


@pytest.mark.parametrize(("cell", "kept"), CELLS.items())
def test_the_second_direction_ends_where_the_sequence_begins(cell, kept):
    found, _ = outputs(f"{cell}, 5, both = true, kept = {kept}")
    forward, backward = np.split(found["output:y"], 2, axis=2)
    np.testing.assert_array_equal(found["output:last"][0], forward[:, -1])
    np.testing.assert_array_equal(found["output:last"][1], backward[:, 0])


@pytest.mark.parametrize(("cell", "kept"), CELLS.items())
def test_what_lies_behind_the_end_of_a_sequence_does_not_count(cell, kept):
    settings = f"{cell}, 5, both = true, kept = {kept}"
    lengths = np.array([4, 2])
    found, _ = outputs(settings, "f(x, lengths = n)", n=lengths)
    assert not found["output:y"][1, 2:].any()
    whole, _ = outputs(settings)
    np.testing.assert_array_equal(found["output:y"][0], whole["output:y"][0])
    np.testing.assert_array_equal(found["output:last"][0, 1], found["output:y"][1, 1, :5])
    np.testing.assert_array_equal(found["output:last"][1, 1], found["output:y"][1, 0, 5:])


def test_a_start_continues_a_sequence():
    body = """input x: f32[2, 4, 3]
f = recurrent(gru_cell, 5)
whole, last = f(x)
first, state = f(x[:, :2])
second, end = f(x[:, 2:], state)
output whole
output parts = concat(first, second, axis = 1)"""
    found = model(body)
    results = run_model(found, {"x": X}, initial_values(found.init, seed=1))
    np.testing.assert_allclose(results["output:parts"], results["output:whole"], rtol=1e-6)


def test_cells_and_layers_agree():
    body = """input x: f32[2, 4, 3]
f = recurrent(fn(n) = rnn_cell(n, activation = relu), 5)
g = rnn(5, activation = relu)
y, last = f(x)
output y
output z = g(x)"""
    found = model(body)
    leaves = initial_values(found.init, seed=1)
    leaves |= {f"g.{name}": leaves[f"f.one[0][0].{name}"] for name in ("U", "W", "b")}
    results = run_model(found, {"x": X}, leaves)
    np.testing.assert_allclose(results["output:z"], results["output:y"], rtol=1e-6)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_peepholes_show_memories_to_gates():
    z, c, p = (
        np.linspace(-1, 1, n, dtype=np.float32).reshape(-1, n // 2 if n > 9 else n) for n in (16, 4, 6)
    )
    c, p = c.reshape(2, 2), p.reshape(6)
    i, o, f, g = np.split(z, 4, 1)
    memory = sigmoid(f + p[4:] * c) * c + sigmoid(i + p[:2] * c) * np.tanh(g)
    state = sigmoid(o + p[2:4] * memory) * np.tanh(memory)
    for place, expected in enumerate((state, memory)):
        found = run_expression(f"peephole_step(z, c, p)[{place}]", z=z, c=c, p=p)
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    coupled = run_expression("peephole_step(z, c, coupled = true)[1]", z=z, c=c)
    np.testing.assert_allclose(coupled, (1 - sigmoid(i)) * c + sigmoid(i) * np.tanh(g), rtol=1e-5)


@pytest.mark.parametrize("linear", [False, True])
def test_a_reset_gate_stands_before_or_behind_the_weights(linear):
    u, h = (np.linspace(-1, 1, n, dtype=np.float32).reshape(2, -1) for n in (12, 4))
    W, b = np.linspace(-2, 1, 12, dtype=np.float32).reshape(2, 6), np.arange(6, dtype=np.float32)
    z, r = (sigmoid(part) for part in np.split(u[:, :4] + h @ W[:, :4] + b[:4], 2, 1))
    seen = r * (h @ W[:, 4:] + b[4:]) if linear else (r * h) @ W[:, 4:] + b[4:]
    expected = (1 - z) * np.tanh(u[:, 4:] + seen) + z * h
    found = run_expression(f"reset_step(u, h, W, b, {str(linear).lower()})", u=u, h=h, W=W, b=b)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
