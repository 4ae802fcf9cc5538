"""Layers for graphs agree with formulas over dense matrices, whatever the order of the edges."""

import numpy as np
import pytest

from support.spec_runs import codes, model, run_model

DRAW = np.random.default_rng(5)
ADJACENCY = np.array([[0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0]], np.float32)  # 3 is alone
EDGES = np.stack(np.nonzero(ADJACENCY))[:, ::-1]
X = DRAW.standard_normal((4, 3)).astype(np.float32)
WITH_LOOPS = ADJACENCY + np.eye(4, dtype=np.float32)


def weights(**shapes):
    return {name: DRAW.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def run_layer(layer, leaves, x=X, edges=EDGES):
    shape = ", ".join(map(str, edges.shape))
    body = f"input x: [{', '.join(map(str, x.shape))}]\ninput e: i64[{shape}]\noutput y = {layer}(x, e)"
    name = layer.split("(")[0]
    named = {f"{name}.{leaf}": value for leaf, value in leaves.items()}
    return run_model(model(body), {"x": x, "e": edges}, named)["output:y"]


def test_a_graph_convolution_is_its_formula():
    w = weights(W=(3, 2), b=(2,))
    root = np.diag(1 / np.sqrt(WITH_LOOPS.sum(1)))
    expected = root @ WITH_LOOPS @ root @ X @ w["W"] + w["b"]
    np.testing.assert_allclose(run_layer("gcn_conv(2)", w), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("average", [False, True])
def test_graph_attention_is_its_formula(average):
    w = weights(W=(3, 4), a=(2, 2), c=(2, 2), b=(2 if average else 4,))
    heads = []
    for k in range(2):
        h = X @ w["W"][:, 2 * k : 2 * k + 2]
        score = (h @ w["a"][k])[:, None] + (h @ w["c"][k])[None, :]
        e = np.where(WITH_LOOPS > 0, np.exp(np.where(score > 0, score, 0.2 * score)), 0)
        heads.append(e / e.sum(1, keepdims=True) @ h)
    expected = np.mean(heads, axis=0) if average else np.concatenate(heads, axis=1)
    layer = f"gat_conv(2, heads = 2, average = {str(average).lower()})"
    np.testing.assert_allclose(run_layer(layer, w), expected + w["b"], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("combine", ["sum", "mean", "max"])
def test_messages_are_combined(combine):
    w = weights(W=(3, 2), U=(3, 2), b=(2,))
    together = {"sum": np.sum, "mean": np.mean, "max": np.max}[combine]
    rows = [together(X[row > 0], axis=0) if row.any() else np.zeros(3) for row in ADJACENCY]
    expected = X @ w["W"] + np.stack(rows) @ w["U"] + w["b"]
    np.testing.assert_allclose(
        run_layer(f'message_passing(2, "{combine}")', w), expected, rtol=1e-4, atol=1e-6
    )


def test_another_way_to_combine_is_refused():
    body = 'input x: [4, 3]\ninput e: i64[2, 6]\noutput y = message_passing(2, "median")(x, e)'
    assert codes(f"model M {{\n{body}\n}}\n") == ["E0401"]


def test_small_graphs_know_kinds_of_edges():
    w = weights(**{"W": (3, 2), "b": (2,), "dense[0].W": (3, 2), "dense[1].W": (3, 2)})
    kinds = np.array([[[0, 1, 2], [1, 0, 0], [2, 0, 0]]])
    x = X[None, :3]
    expected = x @ w["W"] + w["b"]
    expected = expected + (kinds == 1) @ x @ w["dense[0].W"] + (kinds == 2) @ x @ w["dense[1].W"]
    np.testing.assert_allclose(
        run_layer("relational_conv(2, 2)", w, x, kinds), expected, rtol=1e-4, atol=1e-6
    )
