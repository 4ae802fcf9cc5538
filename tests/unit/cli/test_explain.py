"""`treadle explain` knows every code, the library, the builtins, the settings; it searches and suggests."""

from __future__ import annotations

import json

import pytest

from treadle.cli import app
from treadle.cli.topics import codes_about, topic
from treadle.errors import CODES
from treadle.frontend.elaborate.builtins import BUILTINS
from treadle.frontend.program import library_words


def explain(capsys, *words):
    """What is printed, if all is well."""
    with pytest.raises(SystemExit) as caught:
        app.main(["explain", *words])
    assert not caught.value.code
    return capsys.readouterr().out


def test_every_code_has_a_page():
    pages = {code: topic(code) for code in CODES}
    assert [code for code, page in pages.items() if page is None or CODES[code].title not in page.text] == []


def test_every_public_name_of_the_library_and_every_builtin_has_a_page():
    names = [name for name in (*library_words(), *BUILTINS) if not name.startswith("_")]
    assert [name for name in names if topic(name) is None] == []


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("conv2d", "layer conv2d("),
        ("e203", "E0203: "),
        ("L0201", "L0201: "),
        ("minimize", "`minimize value over selection"),
        ("keep", "which other checkpoints remain"),
        ("csv", "csv(path"),
        ("bracket", "E0102 "),
    ],
)
def test_words(capsys, word, expected):
    assert expected in " ".join(explain(capsys, word).split())


def test_pages_fit_the_terminal_and_code_stays(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    lines = explain(capsys, "E0203").splitlines()
    assert max(len(line) for line in lines if not line.startswith("    ")) <= 50
    example = [f"    {line}" for line in CODES["E0203"].example.splitlines()]
    assert lines[-len(example) :] == example


def test_codes_about_a_word_say_it():
    found = {one.code for one in codes_about("softmax")}
    assert {"L0201", "L0203"} <= found < set(CODES)


def test_json(capsys):
    listed = json.loads(explain(capsys, "--list", "--json"))["codes"]
    assert [one["code"] for one in listed] == list(CODES)
    assert json.loads(explain(capsys, "E0203", "--json"))["example"] == CODES["E0203"].example
    assert json.loads(explain(capsys, "conv2d", "--json"))["name"] == "conv2d"
