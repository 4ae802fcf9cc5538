"""Whatever the text, loading it ends in a result or a diagnostic, and within the limits."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.spec_runs import codes
from treadle.frontend.elaborate import budget

ROOT = Path(__file__).parents[4]
TEXTS = [
    path.read_text("utf-8")
    for path in sorted([*ROOT.glob("specs/*/*.tdl"), *ROOT.glob("tests/errors/check/*.tdl")])
    if not path.stem.startswith("E09")
]
TOKEN = re.compile(r"\w+|[^\w\s]")
WORDS = sorted(
    {word for text in TEXTS for word in TOKEN.findall(text)} | {"0", "-1", "10^9", '""', "[]", "none"}
)


@st.composite
def changed_specs(draw):
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 3))):
        places = list(TOKEN.finditer(text))
        if places:
            place = draw(st.sampled_from(places))
            word = draw(st.sampled_from(["", *WORDS]))
            text = text[: place.start()] + word + text[place.end() :]
    return text


@settings(max_examples=150)
@given(changed_specs())
def test_changed_specs_end_in_a_result_or_a_diagnostic(text):
    codes(text)  # raises whatever is no TreadleError


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("for i in range(10^12) { a = i }", "E0905"),
        ("k = [0]\nfor i in range(60) { k = k + k }", "E0910"),
        ("k = [[i for i in range(1000)] for j in range(1000)]", "E0905"),
        ("k = 2^62 * 4", "E0904"),
        ('s = "a"\nfor i in range(60) { s = s + s }', "E0911"),
        ("output y = dense(10^7)(dense(10^7)(x))", "E0908"),
        ("output y = zeros[10^13]", "E0907"),
        ("output y = broadcast_to(x[0], [10^6, 10^6, 4])", "E0908"),
        ("for i in range(10^6) { x = x + i }", "E0906"),
        ("k = N\nfor i in range(60) { k = k * (k + 1) }", "E0907"),
    ],
)
def test_limits(body, code, monkeypatch):
    monkeypatch.setattr(budget, "MAX_STEPS", 100_000)
    monkeypatch.setattr(budget, "MAX_NODES", 1_000)
    assert codes(f"model M {{\ninput x: [2, 4]\ninput z: [N]\n{body}\n}}\n") == [code]


@pytest.mark.parametrize(
    "definition",
    [
        "fn f(n) = f(n + 1)",
        "fn f(n) = g(n)\nfn g(n) = f(n)",
        "fn f(n) { return [f(n + 1) for i in range(2)] }",
        "layer f(n)(x) { return f(n + 1)(x) }",
        "layer f(n)(x) { a = f(n)(x)\n return a + 1 }",
    ],
)
def test_recursion_without_end(definition):
    call = "f(1)(x)" if definition.startswith("layer") else "f(1)"
    assert codes(f"{definition}\nmodel M {{\ninput x: [2]\noutput y = {call}\n}}\n") == ["E0909"]


def test_recursion_with_an_end():
    text = "fn f(n, x) = x if n == 0 else f(n - 1, 2 * x)\nmodel M {\ninput x: [2]\noutput y = f(90, x)\n}\n"
    assert codes(text) == []
