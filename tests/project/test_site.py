"""The documentation site: every page has a place in its navigation, and it is built without a warning."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = (ROOT / "mkdocs.yml").read_text("utf-8")
LISTED = set(re.findall(r"^ +- (?:[^:\n]+: )?([\w/.-]+\.md)$", SETTINGS, re.MULTILINE))
LOADED = re.compile(
    r"<(?:script|img|link rel=\"?(?:stylesheet|preconnect)\"?)[^>]* (?:src|href)=\"?([^\s\">]+)"
)


def test_every_page_is_in_the_navigation() -> None:
    """Pages of `docs/` and of the examples; decisions are listed by a page of their own."""
    own = {path.name for path in (ROOT / "docs").glob("*.md")}
    examples = {f"examples/{path.parent.name}/index.md" for path in (ROOT / "examples").glob("*/README.md")}
    assert own | examples <= LISTED
    decisions = {path.name for path in (ROOT / "docs" / "decisions").glob("0*.md")}
    assert decisions <= set(
        re.findall(r"\((0[\w-]+\.md)\)", (ROOT / "docs/decisions/README.md").read_text("utf-8"))
    )


def test_nothing_is_fetched_from_elsewhere() -> None:
    """Fonts come from the reader's machine, styles from the site."""
    assert "font: false" in SETTINGS
    styles = "".join(path.read_text("utf-8") for path in (ROOT / "docs").rglob("*.css"))
    assert "http" not in styles
    assert "@import" not in styles


@pytest.mark.skipif(find_spec("material") is None, reason="mkdocs-material is not installed: `.[docs]`")
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """Dead links and anchors are warnings, and warnings are errors."""
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--quiet",
        "--site-dir",
        str(tmp_path / "site"),
    ]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=ROOT, env=quiet, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    pages = list((tmp_path / "site").rglob("index.html"))
    assert len(pages) > len(LISTED)
    loaded = [found for page in pages for found in LOADED.findall(page.read_text("utf-8"))]
    assert [address for address in loaded if address.startswith(("http", "//"))] == []
