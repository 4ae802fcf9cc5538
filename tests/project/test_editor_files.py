"""The files for editors agree with the language: colours, snippets, what the extension names."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from support.textmate import Grammar
from treadle.frontend.layout import lay_out
from treadle.frontend.parser import tokens_of
from treadle.lsp.snippets import SNIPPETS
from treadle.source import Source

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "examples" / "editor" / "vscode"
SPECS = sorted([*ROOT.glob("specs/*/*.tdl"), ROOT / "tests" / "support" / "everything.tdl"])
GRAMMAR = Grammar(EXTENSION / "syntaxes" / "treadle.tmLanguage.json")
NEVER_A_NAME = ("string", "comment", "constant.numeric", "keyword")
BOUND = re.compile(r"\s*(?:=(?!=)|<-|,)")  # a keyword before one of these is a name
KEYWORDS = ("keyword", "storage", "support.type", "constant.language")


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_word_of_a_spec_has_its_colour(path):
    source = Source(path.name, path.read_text("utf-8"))
    scopes, layout = GRAMMAR.scopes(source.text), lay_out(source)
    for start, comment in layout.comments:
        assert {scope.split(".")[0] for scope in scopes[start : start + len(comment)]} == {"comment"}
    for token in tokens_of(layout.text):
        scope = scopes[token.start]
        what = f"{source.span(token.start, token.start)}: {token.kind} {token.text!r} is {scope!r}"
        if token.kind == "STRING":
            assert scope.startswith("string"), what
        elif token.kind in ("INTEGER", "FLOAT"):
            assert scope.startswith("constant.numeric"), what
        elif token.kind == "NAME":
            assert not scope.startswith(NEVER_A_NAME), what
        elif token.text.isalpha() and not BOUND.match(source.text, token.start + len(token.text)):
            assert scope.startswith(KEYWORDS), what


def test_snippets_are_those_of_the_server():
    found = json.loads((EXTENSION / "snippets" / "treadle.json").read_text("utf-8"))
    assert {entry["prefix"]: "\n".join(entry["body"]) for entry in found.values()} == SNIPPETS


def test_the_files_that_the_extension_names_exist():
    package = json.loads((EXTENSION / "package.json").read_text("utf-8"))
    given = package["contributes"]
    named = [package["main"], given["languages"][0]["configuration"]]
    named += [entry["path"] for entry in (*given["grammars"], *given["snippets"])]
    assert all((EXTENSION / name).is_file() for name in named)
    json.loads((EXTENSION / "language-configuration.json").read_text("utf-8"))
