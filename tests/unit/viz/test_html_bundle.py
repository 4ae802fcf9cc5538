"""The page around a document: one file, one script, nothing that user text can break out of."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.viz.html.bundle import bundle, embedded, page

NASTY = "</script><script>alert(1)</script> \u2028 & \" ' <!-- ]]> ${x} $style \\ \0 \ud800"
POLICY = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]*)"')


@given(st.text())
def test_embedded_text_comes_back_and_holds_no_markup(text):
    written = embedded({"text": text})
    assert json.loads(written) == {"text": text}
    assert not set(written) & set("<>&\u2028\u2029")


@pytest.mark.parametrize("main", ["main", "chart"])
def test_the_policy_allows_this_script_and_this_style_alone(main):
    text = page("Net", {"a": 1}, "p { color: red }", main)
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    allowed = [base64.b64encode(hashlib.sha256(m[1].encode()).digest()).decode() for m in (script, style)]
    rules = POLICY.search(text)[1].split("; ")
    assert rules[0] == "default-src 'none'"
    assert [f"'sha256-{code}'" in rule for code, rule in zip(allowed, rules[1:3], strict=True)] == [
        True,
        True,
    ]
    assert "unsafe" not in " ".join(rules)


def test_titles_and_documents_stay_text():
    """Two scripts and one style, whatever the strings hold; each ends where it should."""
    text = page(NASTY, {"label": NASTY})
    assert text.count("<script") == text.count("</script>") == 2
    assert (text.count("<style"), text.count("alert(1)</script>")) == (1, 0)


def test_nothing_is_asked_of_the_network():
    """The only address in the page is the name of SVG's namespace, which nobody fetches."""
    text = page("Net", {})
    assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(link|img|iframe)\b|@import|url\(", text)


def test_modules_come_after_what_they_import():
    """All modules are in the script, and nothing of the module syntax is left."""
    script = bundle("main")
    order = re.findall(r"^const module_(\w+) = ", script, re.MULTILINE)
    uses = [(m[1], m.start()) for m in re.finditer(r"= module_(\w+);", script)]
    assert all(script.index(f"const module_{name} =") < at for name, at in uses)
    assert not re.search(r"^(import|export) ", script, re.MULTILINE)
    names = {
        entry.name.removesuffix(".js") for entry in files("treadle.viz.html").joinpath("assets").iterdir()
    }
    assert set(order) | {"chart"} == names - {"page.html", "page.css"}


def test_files_of_the_page_say_what_they_are_for_and_are_short():
    for entry in files("treadle.viz.html").joinpath("assets").iterdir():
        lines = entry.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 200, entry.name
        assert lines[0].startswith(("// ", "/* ", "<!doctype")), entry.name
