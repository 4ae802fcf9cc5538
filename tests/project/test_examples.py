"""The example pages: specs are as right or wrong as they say, commands run, pasted text is current."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path

import pytest

from treadle.errors import TreadleError
from treadle.frontend.load import load_spec

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
SPECS = sorted(EXAMPLES.glob("*/*.tdl"))
LIBRARY_LINE = re.compile(r"(@ stdlib/\w+\.tdl):\d+")
MEMORY = re.compile(r" +[\d.,]+ [KMG]iB$", re.MULTILINE)
ADVICE = "run `python examples/refresh.py`"
# Words that make a command short here: few steps, and no kernels to compile.
SHORTENED = {
    "train": ("--device", "numpy", "--steps", "3"),
    "eval": ("--device", "numpy"),
    "predict": ("--device", "numpy"),
    "gradcheck": ("--samples", "1"),
}


def load_refresh():
    """The module `examples/refresh.py`, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("refresh", EXAMPLES / "refresh.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


refresh = load_refresh()
PAGES = refresh.pages()


def copied(page, folder):
    """A copy of a page's folder, without what a reader made there, beside the gallery."""
    (folder / "examples").mkdir()
    (folder / "specs").symlink_to(ROOT / "specs")
    made = shutil.ignore_patterns("runs", "*.npz")
    return Path(shutil.copytree(page.parent, folder / "examples" / page.parent.name, ignore=made))


def test_pages_are_numbered_and_listed():
    names = [page.parent.name for page in PAGES]
    assert [name[:3] for name in names] == [f"{number:02}-" for number in range(1, len(names) + 1)]
    index = (EXAMPLES / "README.md").read_text("utf-8")
    assert re.findall(r"\]\(([\w-]+)/README\.md\)", index) == names
    assert "](examples/README.md)" in (ROOT / "README.md").read_text("utf-8")


def portable(text):
    """Text without line numbers of the library, which move whenever it is edited, and without amounts of
    memory, which depend on the processor's vectors.
    """
    return MEMORY.sub(" some memory", LIBRARY_LINE.sub(r"\1", text))


def unlike(pasted, text):
    """Pasted lines that no printed line starts with, numbers and blanks aside; `...` stands for a rest."""

    def shape(line):
        return " ".join(re.sub(r"-?\d[\d.,e-]*", "#", line.partition("...")[0]).split())

    shapes = [shape(line) for line in text.splitlines()]
    return [line for line in pasted.splitlines() if not any(one.startswith(shape(line)) for one in shapes)]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_specs_are_right_but_for_those_named_wrong(path):
    if not path.stem.startswith("wrong_"):
        assert load_spec(path).models
        return
    with pytest.raises(TreadleError) as caught:
        load_spec(path)
    assert len(caught.value.diagnostics) == 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_commands_run_and_pasted_text_is_what_they_print(page, tmp_path):
    folder = copied(page, tmp_path)
    commands = refresh.commands(page)
    assert commands
    for command in commands:
        if command.words[0] == "draw" and shutil.which("dot") is None:
            continue
        text, code = refresh.run(command, folder, SHORTENED.get(command.words[0], ()))
        if command.deterministic:
            assert code == (1 if "wrong_" in command.line else 0), text
            assert portable(command.pasted) == portable(text), f"{command.line}: {ADVICE}"
        else:
            assert code == 0, f"{command.line}: {text}"
            assert unlike(command.pasted, text) == []


@pytest.mark.parametrize("page", [EXAMPLES / "README.md", *PAGES], ids=lambda page: page.parent.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)\)", page.read_text("utf-8"))
    assert links
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_quoted_spec_text_stands_in_a_file(page):
    """Lines of `tdl` blocks are lines of a spec beside the page, or of the library."""
    sources = [*page.parent.glob("*.tdl"), *(ROOT / "src" / "treadle" / "stdlib").glob("*.tdl")]
    known = {line.strip() for source in sources for line in source.read_text("utf-8").splitlines()}
    blocks = re.findall(r"```tdl\n(.*?)```", page.read_text("utf-8"), flags=re.DOTALL)
    quoted = [line.strip() for block in blocks for line in block.splitlines()]
    shown = [line for line in quoted if line not in {"", "..."} and "(...)" not in line]
    assert [line for line in shown if line not in known] == []
