"""The README's promises: two commands of one line each, the Python versions, the gallery."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def test_two_commands_of_one_line_each():
    blocks = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
    assert [len(block.strip().splitlines()) for block in blocks] == [1, 1]
    assert all(block.startswith("python3 -m venv .venv && ") for block in blocks)


def test_python_versions_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"] == ">=3.11,<3.14"
    assert "Python 3.11 to 3.13" in README


def test_specs_of_the_gallery_that_are_shown_exist():
    listed = re.findall(r"\]\((specs/[\w/]+\.tdl)\)", README)
    assert listed
    assert all((ROOT / path).is_file() for path in listed)
