"""Layers: the first call builds and the second applies; names of weights; sharing; sizes by inference."""

from __future__ import annotations

import numpy as np
import pytest

from support.spec_runs import codes, model, run_model


def names(body: str, before: str = "") -> list[str]:
    return list(model(f"input x: [N, 4]\n{body}", before).leaves)


BLOCK = """
layer block(units: int)(x: [N, I]) {
  hidden = dense(units, bias = false)
  return x |> hidden |> relu |> dense(I, bias = false)
}
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("output y = dense(3, bias = false)(x)", ["dense.W"]),
        ("output y = x |> dense(3) |> dense(2)", ["dense.W", "dense.b", "dense_2.W", "dense_2.b"]),
        ("enc = dense(3, bias = false)\noutput y = enc(x)", ["enc.W"]),
        ("output y = block(3)(x)", ["block.hidden.W", "block.dense.W"]),
        (
            "for i in range(2) { x = block(3)(x) }\noutput x",
            ["block[0].hidden.W", "block[0].dense.W", "block[1].hidden.W", "block[1].dense.W"],
        ),
        (
            "blocks = [dense(4, bias = false) for i in range(2)]\nfor b in blocks { x = b(x) }\noutput x",
            ["blocks[0].W", "blocks[1].W"],
        ),
        (
            "output y = sequential([dense(4, bias = false), relu, dense(2, bias = false)])(x)",
            ["sequential.layers[0].W", "sequential.layers[2].W"],
        ),
        ("param w: [4] = 1\noutput y = x * w", ["w"]),
    ],
)
def test_names_of_weights(body, expected):
    assert names(body, BLOCK) == expected


def test_a_layer_applied_twice_shares_its_weights():
    found = model("input x: [N, 4]\nd = dense(4)\noutput y = d(d(x))")
    assert list(found.leaves) == ["d.W", "d.b"]
    x, w, b = np.eye(4, dtype=np.float32), np.full((4, 4), 0.5, np.float32), np.ones(4, np.float32)
    y = run_model(found, {"x": x}, {"d.W": w, "d.b": b})["output:y"]
    np.testing.assert_allclose(y, (x @ w + b) @ w + b)


def test_layers_inside_a_shared_layer_are_shared_too():
    assert names("b = block(3)\noutput y = b(b(x))", BLOCK) == ["b.hidden.W", "b.dense.W"]


def test_a_layer_in_a_function_is_new_for_each_call():
    before = "fn head(x) = x |> dense(2, bias = false)\n"
    assert names("output y = head(x) + head(x)", before) == ["dense.W", "dense_2.W"]


def test_a_layer_without_configuration_needs_no_first_call():
    assert names("output y = x |> batch_norm")[:2] == ["batch_norm.running_mean", "batch_norm.running_var"]
    assert names("output y = batch_norm(x)") == names("output y = batch_norm()(x)")


def test_weights_of_a_layer_can_be_used_elsewhere():
    body = "e = dense(3, bias = false)\nh = e(x)\noutput y = h @ e.W.T"
    assert names(body) == ["e.W"]


def test_functions_in_a_pipe_take_the_value_first():
    found = model("input x: [N, 4]\noutput y = x |> reshape([N, 2, 2]) |> sum(axis = 1)")
    assert str(found.graph.outputs["output:y"].type) == "f32[N, 2]"


def test_a_tuple_in_a_pipe_is_several_arguments():
    found = model("input x: [N, 4]\noutput y = (x, x) |> concat(axis = 1)")
    assert str(found.graph.outputs["output:y"].type) == "f32[N, 8]"


def test_scopes_of_nodes_are_layer_paths():
    found = model("input x: [N, 4]\noutput y = block(3)(x)", BLOCK)
    products = [node.scope for node in found.graph if node.op == "matmul"]
    assert products == ["block.hidden", "block.dense"]


def test_a_model_is_applied_like_a_layer():
    text = "model Inner(units = 3) {\n input a: [N, 4]\n target t: [N]\n y = dense(units)(a)\n output y\n"
    text += " loss mean(t)\n}\n"
    found = model("input x: [N, 4]\nteacher = Inner(2)\noutput y = teacher(x)", text)
    assert list(found.leaves) == ["teacher.dense.W", "teacher.dense.b"]
    assert list(found.graph.outputs) == ["output:y"]


@pytest.mark.parametrize(
    ("pattern", "given", "sizes"),
    [
        ("[N, K]", "[N, 6]", "K - 6"),
        ("[N, 2 * K]", "[N, 6]", "K - 3"),
        ("[N, 2 * K + 1]", "[N, 7]", "K - 3"),
        ("[..., K]", "[N, 5, 6]", "K - 6"),
        ("[N, ..., K]", "[N, 2, 3, 4]", "K - 4"),
        ("[K, ...]", "[5, 6]", "K - 5"),
        ("[N, K, K]", "[N, 3, 3]", "K - 3"),
        ("[N, K, 2 * K]", "[N, 3, 6]", "K - 3"),
    ],
)
def test_patterns_bind_sizes(pattern, given, sizes):
    layer = f'layer l()(x: {pattern}) where {sizes} == 0 else "wrong" {{ return x }}\n'
    assert codes(f"{layer}model M {{ input x: {given}\n output y = l()(x) }}\n") == []


@pytest.mark.parametrize(
    ("pattern", "given", "code"),
    [
        ("[N, 2 * K]", "[N, 5]", "E0217"),
        ("[N, K, K]", "[N, 3, 4]", "E0217"),
        ("[N, K]", "[N]", "E0217"),
        ("[N, K, ...]", "[N]", "E0217"),
        ("[N, K * L]", "[N, 6]", "E0215"),
        ("i64[N, K]", "[N, 6]", "E0217"),
        ("[N, 7]", "[N, 6]", "E0217"),
    ],
)
def test_patterns_that_do_not_fit(pattern, given, code):
    layer = f"layer l()(x: {pattern}) {{ return x }}\n"
    assert codes(f"{layer}model M {{ input x: {given}\n output y = l()(x) }}\n") == [code]


def test_inputs_agree_on_leading_axes():
    layer = "layer l()(a: [..., K], b: [..., K]) -> [..., K] { return a + b }\n"
    good = "model M { input x: [N, 4]\n output y = l()(x, x) }\n"
    bad = "model M { input x: [N, 4]\n output y = l()(x, x[0]) }\n"
    assert codes(layer + good) == []
    assert codes(layer + bad) == ["E0217"]


def test_optional_inputs():
    layer = "layer l()(x: [N, K], mask: [N] = none) { return x if mask == none else x * mask[:, none] }\n"
    good = "model M { input x: [N, 4]\n output a = l()(x)\n output b = l()(x, sum(x, axis = 1)) }\n"
    assert codes(layer + good) == []


def test_several_mistakes_are_found_at_once():
    body = "input x: [N, 4]\na = dense(3, unts = 1)(x)\nb = a + 1\nc = rleu(b)\nd = reluu(x)\noutput c"
    assert codes(f"model M {{\n{body}\n}}\n") == ["E0303", "E0301", "E0301"]
