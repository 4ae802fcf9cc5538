"""Runs the commands of the example pages and pastes what they print.

    python examples/refresh.py

Input: `console` blocks of the pages, in which `$ ` starts a command. Output: the pages with what
these commands print today. Non-goals: pictures; training and what follows from it, which is run by hand.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from treadle.cli import app

HERE = Path(__file__).resolve().parent
DETERMINISTIC = {"check", "explain", "summary"}
# Tables are laid out for this width; what a plan needs depends on the number of threads.
TERMINAL = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "TREADLE_THREADS": "2"}
_BLOCK = re.compile(r"(?<=```console\n).*?(?=```)", re.DOTALL)


class Command(NamedTuple):
    """One command line of a page and the text below it."""

    line: str
    pasted: str

    @property
    def words(self) -> list[str]:
        """The words after `treadle`, up to a pipe."""
        return self.line.partition(" | ")[0].split()[1:]

    @property
    def deterministic(self) -> bool:
        """Whether the command prints the same text everywhere."""
        return self.words[0] in DETERMINISTIC


def pages() -> list[Path]:
    """The pages of the examples, in order."""
    return sorted(HERE.glob("*/README.md"))


def commands(page: Path) -> list[Command]:
    """The command lines of a page, in order."""
    return [command for block in _BLOCK.findall(page.read_text("utf-8")) for command in _split(block)]


def run(command: Command, folder: Path, extra: tuple[str, ...] = ()) -> tuple[str, int]:
    """What a command prints on both streams in `folder`, with `extra` words at its end; and its exit code."""
    stream = io.StringIO()
    code = 0
    with _inside(folder), contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        try:
            app.main([*command.words, *extra])
        except SystemExit as end:
            code = int(end.code or 0)
    filters = command.line.partition(" | ")[2]
    text = _piped(stream.getvalue(), filters) if filters else stream.getvalue()
    return "".join(f"{line.rstrip()}\n" for line in text.strip("\n").splitlines()), code


def refresh(page: Path) -> None:
    """Rewrites a page in place."""
    text = _BLOCK.sub(lambda block: _pasted_anew(block[0], page.parent), page.read_text("utf-8"))
    page.write_text(text, "utf-8")


def _split(block: str) -> list[Command]:
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [Command(*part.split("\n", 1)) for part in parts]


def _pasted_anew(block: str, folder: Path) -> str:
    return "".join(
        f"$ {command.line}\n{run(command, folder)[0] if command.deterministic else command.pasted}"
        for command in _split(block)
    )


def _piped(text: str, filters: str) -> str:
    shell = ["/bin/sh", "-c", filters]  # grep finds nothing: an exit code, no failure
    return subprocess.run(shell, input=text, capture_output=True, text=True, check=False).stdout  # noqa: S603


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(TERMINAL)
    try:
        with contextlib.chdir(folder):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


if __name__ == "__main__":
    for example in pages():
        refresh(example)
