"""Every code block of the pages does what it says: specs check, commands run, Python prints what is shown.

A page is a session from top to bottom in one empty folder. What cannot be run says why, in a comment above
it; the example pages and the pages that are generated have tests of their own.
"""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from pathlib import Path

import pytest

from support.pages import Block, blocks
from treadle.cli import app
from treadle.errors import TreadleError
from treadle.frontend.load import load_text
from treadle.frontend.parser import parse
from treadle.source import Source

ROOT = Path(__file__).resolve().parents[2]
GENERATED = {"api.md", "builtins.md", "gallery.md", "library.md", "ops.md"}
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "examples" / "06-python" / "README.md",
    *(page for page in sorted((ROOT / "docs").glob("**/*.md")) if page.name not in GENERATED),
]
WITH_CODE = [page for page in PAGES if list(blocks(page))]
SHOWN_ONLY = {"", "text", "console", "toml", "lua", "lisp", "json", "yaml", "c"}
DEFINITION = re.compile(r"^(model|layer|fn) ", re.MULTILINE)
ELISION = re.compile(r"^ *\.\.\.$|\(\.\.\.\)", re.MULTILINE)
# Words that make a command short here: few steps, and no kernels to compile.
SHORTENED = {
    "train": ("--device", "numpy", "--steps", "3"),
    "eval": ("--device", "numpy"),
    "predict": ("--device", "numpy"),
    "generate": ("--device", "numpy"),
    "study": ("--device", "numpy"),
    "gradcheck": ("--samples", "1"),
}


class Reader:
    """Somebody who types what a page shows."""

    def __init__(self) -> None:
        self.names: dict[str, object] = {"__name__": "page"}
        self.printed = ""

    def follow(self, block: Block) -> None:
        """Does what the block says."""
        if block.says("not run") is not None:
            assert block.says("not run"), "the reason is missing"
        elif block.language == "tdl":
            self.write_spec(block)
        elif block.language == "sh":
            for line in block.commands():
                for command in line.split(" && "):
                    self.run(command, int(block.says("exit") or 0))
        elif block.language == "python":
            self.printed = printed_by(lambda: exec(compile(block.text, "page", "exec"), self.names))  # noqa: S102 - our own page
        elif block.language == "text" and self.printed:
            assert self.printed.strip().split("\n") == block.text.strip().split("\n")
            self.printed = ""
        else:
            assert block.language in SHOWN_ONLY, f"nobody knows how to read `{block.language}`"

    def write_spec(self, block: Block) -> None:
        """Checks a spec, or parses a part of one, and keeps it under its name."""
        code = block.says("wrong")
        if code is not None:
            with pytest.raises(TreadleError) as caught:
                load_text(block.text)
            assert [one.code for one in caught.value.diagnostics] == [code]
        elif DEFINITION.search(block.text) and not ELISION.search(block.text):
            load_text(block.text) if is_whole(block.text) else parse(Source("page", block.text))
        else:
            parse(Source("page", block.text))
        if block.note.endswith(".tdl"):
            Path(block.note).write_text(block.text, "utf-8")

    def run(self, command: str, code: int) -> None:
        """Runs a command of Treadle's; `NAME` is the latest run."""
        words = command.split()
        assert words[0] == "treadle", f"not a command of Treadle's: {command}; say `not run` and why"
        if (
            words[1] == "draw"
            and not shutil.which("dot")
            and not {".dot", ".html"} & {Path(w).suffix for w in words}
        ):
            return
        latest = max(Path("runs").glob("*"), key=lambda path: path.stat().st_mtime, default=Path("runs/NAME"))
        words = [word.replace("runs/NAME", str(latest)).strip("'\"") for word in words]
        ended = 0
        extra = [word for word in SHORTENED.get(words[1], ()) if "--help" not in words]
        stream = io.StringIO()
        with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
            try:
                app.main([*words[1:], *extra])
            except SystemExit as end:
                ended = int(end.code or 0)
        assert ended == code, f"{command}: {stream.getvalue()}"


def is_whole(text: str) -> bool:
    """Whether a text stands for itself: what it trains on is in it."""
    needed = re.findall(r"^train \w+(?:\([^)]*\))? on (\w+)", text, re.MULTILINE)
    return all(f"data {name}" in text for name in needed)


def printed_by(action) -> str:
    """What an action prints."""
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        action()
    return stream.getvalue()


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: str(page.relative_to(ROOT)))
def test_blocks_do_what_they_say(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)  # for modules that a page exports
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "specs").symlink_to(ROOT / "specs")
    reader = Reader()
    for block in blocks(page):
        try:
            reader.follow(block)
        except (Exception, pytest.fail.Exception) as error:
            error.add_note(f"the block in line {block.line} of {page.relative_to(ROOT)}")
            raise


def test_what_is_not_run_is_counted() -> None:
    """A block that nobody runs is an exception; more of them need a look."""
    unrun = [block for page in WITH_CODE for block in blocks(page) if block.says("not run") is not None]
    assert len(unrun) <= 19
