"""Draws have their distributions (scipy's tests, fixed seeds) and are the same on all backends."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from treadle.driver import Program, load_backend, optimise
from treadle.frontend.load import load_text
from treadle.ir import Graph

COUNT = 20_000
LOGITS = [0.0, 1.0, -1.0, 2.0]
KEY = {"$rng": np.array([11, 3])}
CONTINUOUS = {
    f"random_uniform([{COUNT}])": stats.uniform(),
    f"random_normal([{COUNT}])": stats.norm(),
    f"truncated_normal(2.0, 1.0)[{COUNT}]": stats.truncnorm(-2, 2, loc=1, scale=2),
    f"gumbel[{COUNT}]": stats.gumbel_r(),
    f"random_exponential([{COUNT}], 2.0)": stats.expon(scale=0.5),
    f"random_gamma([{COUNT}], 0.3)": stats.gamma(0.3),
    f"random_gamma([{COUNT}])": stats.gamma(1.0),
    f"random_gamma([{COUNT}], 4.5, 2.0)": stats.gamma(4.5, scale=2),
    f"random_beta([{COUNT}], 0.4, 0.4)": stats.beta(0.4, 0.4),
    f"random_beta([{COUNT}], 2.0, 5.0)": stats.beta(2, 5),
}
WEIGHTS = np.exp(LOGITS) / np.exp(LOGITS).sum()
WHOLE = {
    f"cast(bernoulli(0.3)[{COUNT}], i64)": np.array([0.7, 0.3]),
    f"categorical(zeros[{COUNT}, 1] + {LOGITS})": WEIGHTS,
    f"random_integers(0, 7, [{COUNT}])": np.full(7, 1 / 7),
}
PERMUTATION = "random_permutation(500)"
EXPRESSIONS = [*CONTINUOUS, *WHOLE, PERMUTATION]


def _programs() -> dict[str, Graph]:
    text = "".join(f"model M{k} {{ output y = {e} }}\n" for k, e in enumerate(EXPRESSIONS))
    models = load_text(text).models
    return {e: optimise(Program(models[f"M{k}"].graph, {})) for k, e in enumerate(EXPRESSIONS)}


@pytest.fixture(scope="module")
def draws() -> dict[str, dict[str, np.ndarray]]:
    """By backend, then by expression."""
    graphs = _programs()
    found = {}
    for name in ("numpy", "cpu"):
        session = load_backend(name).compile(graphs)
        found[name] = {e: session.run(e, KEY)["output:y"] for e in EXPRESSIONS}
    return found


@pytest.mark.parametrize("expression", CONTINUOUS)
def test_continuous_draws_follow_their_law(draws, expression):
    found = draws["cpu"][expression]
    assert stats.kstest(found, CONTINUOUS[expression].cdf).pvalue > 0.001


@pytest.mark.parametrize("expression", WHOLE)
def test_whole_draws_have_their_weights(draws, expression):
    weights = WHOLE[expression]
    counts = np.bincount(draws["cpu"][expression], minlength=len(weights))
    assert len(counts) == len(weights)
    assert stats.chisquare(counts, weights * COUNT).pvalue > 0.001


def test_a_permutation_has_every_number_once(draws):
    found = draws["cpu"][PERMUTATION]
    np.testing.assert_array_equal(np.sort(found), np.arange(500))
    assert abs(stats.spearmanr(found, np.arange(500)).statistic) < 0.15


def test_positions_of_a_permutation_are_equally_likely():
    """Chi-square over which of 6 numbers comes first and which last, in 2000 permutations of one run."""
    order = "argsort(random_bits([2000, 6]))"
    model = load_text(f"model M {{ output y = {order} }}").models["M"]
    graph = optimise(Program(model.graph, {}))
    found = load_backend("numpy").compile({"p": graph}).run("p", KEY)["output:y"]
    for column in (0, 5):
        assert stats.chisquare(np.bincount(found[:, column], minlength=6)).pvalue > 0.001


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_backends_draw_the_same(draws, expression):
    """Whole numbers and uniform numbers bit by bit; others up to the rounding of logarithms and cosines."""
    one, other = draws["numpy"][expression], draws["cpu"][expression]
    assert one.dtype == other.dtype
    if one.dtype.kind == "i" or "uniform" in expression:
        np.testing.assert_array_equal(one, other)
    else:
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-5)
