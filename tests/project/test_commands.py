"""Every command and option that the pages mention exists."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
GLOBAL = {"--debug", "--version", "--help"}


def mentioned() -> dict[str, set[str]]:
    """Options by command, from code in the pages."""
    found: dict[str, set[str]] = {}
    for page in PAGES:
        for command, rest in re.findall(
            r"(?:^|`|bin/)treadle ([a-z]+)\b([^`\n#]*)", page.read_text("utf-8"), re.MULTILINE
        ):
            found.setdefault(command, set()).update(re.findall(r"--[a-z-]+", rest))
    return found


@cache
def help_of(*command: str) -> str:
    """What `--help` prints, without styling, on a wide terminal."""
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    words = [sys.executable, "-m", "treadle", *command, "--help"]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout


def test_the_pages_mention_commands():
    assert {"check", "draw", "summary", "train", "eval", "predict"} <= set(mentioned())


@pytest.mark.parametrize(
    ("command", "options"),
    sorted(mentioned().items()),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_command_and_its_options_exist(command, options):
    text = help_of(command)
    assert [option for option in sorted(options - GLOBAL) if option not in text] == []
