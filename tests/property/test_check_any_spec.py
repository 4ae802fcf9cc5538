"""Whatever is fed to `treadle check`, the answer is a sound graph or diagnostics, within time and memory.

Texts come from the grammar (names mostly exist), from damaged gallery specs, and from random bytes in a file.
`nightly.py` does the same with many more examples.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.bounded import outcome, outcome_of_file
from support.grammar_specs import written
from support.mutations import mutated, sources

RANDOM = st.randoms(use_true_random=False)
BYTES = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: text.encode("utf-16")),
    st.sampled_from([b"\xef\xbb\xbf", b"\xff", b"\0", b"\r\n", b"\r", b"\x0c", b"\xe2\x80\xa8", b"\x1b[31m"]),
)


@settings(max_examples=200)
@given(RANDOM)
def test_grammatical_specs(rng):
    outcome(written(rng))


@settings(max_examples=200)
@given(RANDOM)
def test_damaged_specs(rng):
    outcome(mutated(rng))


@settings(max_examples=100)
@given(start=st.integers(0, 2000), bad=BYTES, which=st.integers(0, 1000))
def test_damaged_files(tmp_path_factory, start, bad, which):
    good = sources()[which % len(sources())].encode()
    path = tmp_path_factory.getbasetemp() / "damaged.tdl"
    path.write_bytes(good[:start] + bad + good[start:])
    outcome_of_file(path)


def test_grammatical_specs_reach_the_elaborator():
    """The generator is worth its time only if most of its specs are of good syntax and many reach far."""
    from random import Random  # noqa: PLC0415

    from treadle.errors import TreadleError  # noqa: PLC0415
    from treadle.frontend.parser import parse  # noqa: PLC0415
    from treadle.source import Source  # noqa: PLC0415

    good = 0
    for seed in range(60):
        try:
            parse(Source("generated", written(Random(seed))))  # noqa: S311 - examples, not secrets
        except TreadleError:
            continue
        good += 1
    assert good >= 40


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b"", []),
        (b"\xef\xbb\xbfmodel M { input x: [N]\noutput x }", []),
        (b"model M {\r\n  input x: [N]\r\n  output x\r\n}\r\n", []),
        (b"model M { input x: [N]\x00 }", ["E0114"]),
        (b"\xff\xfem\x00o\x00", ["E1006"]),
        (b"# " + b"x" * 150_000, []),
        (b"model M { output " + b"(" * 5_000, ["E0902"]),
        (b"a" * 1_000_000, ["E0901"]),
    ],
    ids=["empty", "bom", "crlf", "nul", "utf16", "long_line", "brackets", "large"],
)
def test_odd_files(tmp_path, content, codes):
    path = tmp_path / "odd.tdl"
    path.write_bytes(content)
    assert outcome_of_file(path) == codes
