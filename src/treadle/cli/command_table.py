"""All commands with their options, in a file, so that completions and the list of commands import none.

Input: `commands.json`, written from the commands by `docs/generate.py`; a test holds it against them. Output:
plain data. Non-goals: running commands (`lazy`).
"""

import json
from functools import cache
from pathlib import Path
from typing import TypedDict

COMMAND_FILE = Path(__file__).with_name("commands.json")


class OptionEntry(TypedDict):
    """One option: all its spellings, the name of its value or None, its default or None, what it does."""

    names: list[str]
    value: str | None
    default: str | None
    help: str


class ArgumentEntry(TypedDict):
    """One argument, as it stands in the usage line."""

    value: str
    help: str


class CommandEntry(TypedDict):
    """One command."""

    summary: str
    usage: str
    arguments: list[ArgumentEntry]
    options: list[OptionEntry]


@cache
def command_table() -> dict[str, CommandEntry]:
    """Every command by name, in the order of the help page."""
    table: dict[str, CommandEntry] = json.loads(COMMAND_FILE.read_text("utf-8"))
    return table
