"""Damaged specs: tokens of good ones deleted, doubled, exchanged, replaced by odd numbers and other names."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[2]
NUMBERS = """
    0 -1 1 2 3 7 0.5 -0.5 1e308 1e-320 inf 255 65536 10^6 10^9 10^15 2^62 9^9^9^9
    9223372036854775807 -9223372036854775808 none true "" [] () N
""".split()  # noqa: SIM905 - easier to read than quoted
_TOKEN = re.compile(r'"[^"\n]*"|\d[\w.]*|\w+|\|>|->|<-|\.\.\.|//|[<>=!]=|[^\w\s]')
_NUMBER = re.compile(r"\d[\d.eE_-]*")


@cache
def sources() -> list[str]:
    """Specs and library files to damage."""
    folders = ("specs/*", "src/treadle/stdlib", "tests/errors/check", "tests/benchmarks/workloads")
    paths = [path for folder in folders for path in sorted(ROOT.glob(f"{folder}/*.tdl"))]
    return [path.read_text("utf-8") for path in [*paths, ROOT / "tests/support/everything.tdl"]]


@cache
def words() -> list[str]:
    """All tokens of all sources, each as often as it occurs."""
    return [token for text in sources() for token in _TOKEN.findall(text)]


def mutated(rng: Random) -> str:
    """A source with a few changes."""
    text = rng.choice(sources())
    for _ in range(rng.choice([1, 1, 2, 3, 5])):
        text = _change(text, rng)
    return text


def _change(text: str, rng: Random) -> str:
    tokens = list(_TOKEN.finditer(text))
    if not tokens:
        return text
    one, other = rng.choice(tokens), rng.choice(tokens)
    kind = rng.randrange(6)
    if kind == 0:
        return _replace(text, one, "")
    if kind == 1:
        return _replace(text, one, f"{one.group()} {one.group()}")
    if kind == 2:
        first, last = sorted((one, other), key=re.Match.start)
        return _replace(_replace(text, last, first.group()), first, last.group())
    if kind == 3:
        numbers = [token for token in tokens if _NUMBER.fullmatch(token.group())]
        return _replace(text, rng.choice(numbers or tokens), rng.choice(NUMBERS))
    if kind == 4:
        names = [token for token in tokens if token.group().isidentifier()]
        return _replace(text, rng.choice(names or tokens), rng.choice(names or tokens).group())
    return _replace(text, one, rng.choice(words()))


def _replace(text: str, token: re.Match[str], new: str) -> str:
    return text[: token.start()] + new + text[token.end() :]
