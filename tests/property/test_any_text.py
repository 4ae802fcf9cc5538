"""Whatever text is parsed, the answer is a tree or diagnostics with sound positions, never anything else."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from support.spec_texts import EVERYTHING
from treadle.errors import TreadleError
from treadle.errors.render import to_text
from treadle.frontend.parser import parse
from treadle.source import Source

FRAGMENTS = sorted({*EVERYTHING.split(), *'()[]{}|><-="#;\n\t\0\\,.:^…', "layer", "1e", "é", "\u202e"})


def survives(text):
    for diagnostic in diagnose(text):
        assert to_text(diagnostic)
        assert diagnostic.span is None or 0 <= diagnostic.span.start <= len(text)


def diagnose(text):
    try:
        parse(Source("f", text))
    except TreadleError as error:
        return error.diagnostics
    return []


@given(st.text(max_size=300))
@settings(max_examples=150)
def test_random_text(text):
    survives(text)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=60))
@settings(max_examples=300)
def test_random_words(words):
    survives(" ".join(words))


@given(st.integers(0, len(EVERYTHING)), st.integers(0, 30), st.lists(st.sampled_from(FRAGMENTS), max_size=3))
@settings(max_examples=100)
def test_mutated_spec(start, length, words):
    survives(EVERYTHING[:start] + " ".join(words) + EVERYTHING[start + length :])


@given(st.integers(0, len(EVERYTHING)))
@settings(max_examples=50)
def test_truncated_spec(length):
    survives(EVERYTHING[:length])
