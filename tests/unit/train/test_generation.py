"""Generation: greedy, drawn and beam-searched sequences of models whose right answers are known."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest

from treadle.frontend.load import load_text
from treadle.train.beams import Beams
from treadle.train.data.folders import Folders
from treadle.train.generation import Wish, generate_arrays, generate_sequences
from treadle.train.plots import grid_png
from treadle.train.vocabulary import vocabulary_of

SYMBOLS = 4
SPEC = """
model Pairs {
  input inputs: i64[N, T]
  param W: [4, 4] = zeros
  logits = cast(one_hot(inputs, 4), f32) @ W
  output logits
}
model Latest {
  input inputs: i64[N, 3]
  param W: [4, 4] = zeros
  output logits = cast(one_hot(inputs[:, -1], 4), f32) @ W
}
model Step {
  input symbol: i64[N]
  input before: f32[N, 4]
  param W: [4, 4] = zeros
  now = cast(one_hot(symbol, 4), f32) @ W
  output both = now + before
}
model Copy {
  input source: i64[N, S]
  input written: i64[N, T]
  near = reshape(positions(T), [T, 1]) == positions(S)
  param W: [4, 4] = zeros
  copied = cast(near, f32) @ (one_hot(source, 4) @ W) + 0.1 * one_hot(written, 4)
  output copied
}
model Noise(size = 5) {
  input x: f32[N, 2]
  output picture = sigmoid(normal[N, size, size])
  output sums = sum(x, axis = 1)
}
generate Pairs { next logits
  SETTINGS }
generate Latest { next logits
  greedy }
generate Step { next both;  before <- now
  greedy }
generate Copy { next copied;  symbols written
  greedy }
generate Copy as places { arrays cast(source, f32) }
generate Noise { images picture }
"""
LEAVES = {"W": np.random.default_rng(4).normal(size=(SYMBOLS, SYMBOLS)).astype(np.float32)}


def plan_of(name="Pairs", settings="greedy"):
    return load_text(SPEC.replace("SETTINGS", settings)).generates[name]


def run(name="Pairs", settings="greedy", **wish):
    wanted = Wish(**{"count": 1, "seed": 3, "prompt": [1], "length": 6, **wish})
    return generate_sequences(plan_of(name, settings), LEAVES, wanted, {}, "numpy")


def log_probability(sequence):
    logits = LEAVES["W"].astype(np.float64)
    logp = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    return sum(logp[a, b] for a, b in pairwise(sequence))


def likeliest(start, length):
    best = [start]
    for _ in range(length):
        best.append(int(LEAVES["W"][best[-1]].argmax()))
    return best


def test_greedy_follows_the_largest_score():
    assert run() == [likeliest(1, 6)]


def test_the_window_slides_over_longer_texts():
    assert run(context=3, length=9) == [likeliest(1, 9)]


def test_a_model_of_the_latest_symbols_sees_them_last():
    assert run("Latest") == [likeliest(1, 6)]


def test_top_1_is_greedy():
    assert run(settings="top_k 1") == [likeliest(1, 6)]
    assert run(settings="top_p 1e-6") == [likeliest(1, 6)]


def test_a_filter_of_the_spec():
    (found,) = run(settings="greedy\n  filter fn(s) = s - 1e9 * cast(positions(4) == 2, f32)")
    assert 2 not in found[1:]


def test_draws_are_repeatable_and_differ_between_rows():
    once = run(settings="temperature 2.0", count=5, length=20)
    assert once == run(settings="temperature 2.0", count=5, length=20)
    assert len({tuple(row) for row in once}) == 5
    assert once != run(settings="temperature 2.0", count=5, length=20, seed=4)


def test_draws_have_the_probabilities_of_the_model():
    rows = run(settings="temperature 1.0", count=2000, length=1)
    shares = np.bincount([row[1] for row in rows], minlength=SYMBOLS) / 2000
    expected = np.exp([log_probability([1, symbol]) for symbol in range(SYMBOLS)])
    assert np.abs(shares - expected).max() < 0.05


def test_top_k_leaves_k_symbols():
    rows = run(settings="top_k 2", count=300, length=1)
    assert {row[1] for row in rows} == set(np.argsort(-LEAVES["W"][1])[:2])


@pytest.mark.parametrize("length", [1, 3, 4])
def test_a_wide_beam_finds_the_best_sequence(length):
    found = run(count=1, beam=SYMBOLS**length, length=length)
    best = max(product(range(SYMBOLS), repeat=length), key=lambda s: log_probability([1, *s]))
    assert found == [[1, *best]]


def test_beams_come_best_first():
    found = run(count=3, beam=8, length=3)
    scores = [log_probability(one) for one in found]
    assert scores == sorted(scores, reverse=True)


def test_the_penalty_decides_between_short_and_long():
    scores = np.log(np.array([[0.4, 0.6]]))
    ends = []
    for penalty in (0.0, 2.0):
        beams = Beams(2, 3, penalty, lambda sequence: sequence[-1] == 0)
        for _ in range(3):
            beams.grow(np.repeat(scores, 2, axis=0))
        ends.append(len(beams.results(1)[0].symbols))
    assert ends == [1, 3]


def test_until_ends_a_sequence():
    whole = likeliest(1, 6)
    (found,) = run(until=[whole[3]])
    assert found == whole[: whole.index(whole[3], 1) + 1]


def test_a_step_model_carries_its_input():
    (found,) = run("Step", length=5)
    sequence, before = [1], np.zeros(SYMBOLS)
    for _ in range(5):
        now = LEAVES["W"][sequence[-1]]
        sequence.append(int((now + before).argmax()))
        before = now
    assert found == sequence


def test_a_step_model_reads_its_prompt_symbol_by_symbol():
    (found,) = run("Step", length=1, prompt=[2, 0, 3])
    assert found[:3] == [2, 0, 3]
    assert found[3] == int((LEAVES["W"][3] + LEAVES["W"][0]).argmax())


SOURCES = {"source": np.array([[3, 1, 2], [0, 0, 3]])}
IDENTITY = {"W": np.eye(SYMBOLS, dtype=np.float32)}


def test_every_row_continues_an_example_of_its_own_length():
    wish = Wish(2, 0, prompt=[0], length=3, context=3)
    found = generate_sequences(plan_of("Copy"), IDENTITY, wish, SOURCES, "numpy")
    assert [row[1:] for row in found] == [[3, 1, 2], [0, 0, 3]]


def test_a_beam_continues_the_first_example():
    wish = Wish(1, 0, prompt=[0], length=3, context=3, beam=3)
    (found,) = generate_sequences(plan_of("Copy"), IDENTITY, wish, SOURCES, "numpy")
    assert found[1:] == [3, 1, 2]


def test_arrays_have_the_sizes_of_the_examples():
    (found,) = generate_arrays(plan_of("places", "greedy"), IDENTITY, Wish(2, 0), SOURCES, "numpy").values()
    np.testing.assert_array_equal(found, SOURCES["source"])


def test_pictures_are_drawn_from_noise_alone():
    plan = plan_of("Noise")
    (picture,) = generate_arrays(plan, {}, Wish(3, 1), {}, "numpy").values()
    assert picture.shape == (3, 5, 5)
    assert len({array.tobytes() for array in picture}) == 3
    assert grid_png(picture).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("source", "numbers", "written"),
    [
        ("dates(30)", [2, 26, 27], "<begin>hi"),
        ("captions(30)", [4, 8, 12], "a red circle"),
        ('pairs("p.tsv", source = "en", target = "de", length = 5)', [2, 4, 3], "<begin> das <end>"),
        ('pairs("p.tsv", source = "en", target = "de", length = 5, level = "char")', [7, 6, 4], "das"),
        ('sentences("p.tsv", text = "en", length = 5)', [4, 1], "that <rare>"),
    ],
)
def test_sources_of_texts_know_their_symbols(tmp_path, source, numbers, written):
    (tmp_path / "p.tsv").write_text("en\tde\nthat is that\tdas ist das\n")
    checked = load_text(f"data Texts {{ train = {source} }}")
    known = vocabulary_of(checked, "Texts", {}, Folders((tmp_path,)))
    assert known is not None
    assert known.decode(numbers) == written
