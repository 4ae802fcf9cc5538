"""The library reference: the definitions of the standard library with the comments above them.

A definition's documentation is the block of comment lines that ends on the line before it. A file's first
comment block, if a blank line follows it, introduces the file.
"""

from __future__ import annotations

from pathlib import Path

import treadle
from treadle.frontend import ast
from treadle.frontend.doc_comments import comment_above
from treadle.frontend.parser import parse
from treadle.source import Source

_STDLIB = Path(treadle.__file__).parent / "stdlib"
_HEADER = """# Library

Generated from `src/treadle/stdlib/` by `docs/generate.py`; edit the comments there, not this page.

Everything here is written in the language of the specs, in files you can open and copy. A layer is called
twice: the first call builds it, the second applies it. Arguments of the first call with a default may be
left out.
"""


def library_page() -> str:
    """`docs/library.md`."""
    return "\n".join([_HEADER, *(_file_section(path) for path in sorted(_STDLIB.glob("*.tdl")))])


def undocumented() -> list[str]:
    """Public definitions without a comment, as `file: name`."""
    return [
        f"{path.name}: {block.name}"
        for path in sorted(_STDLIB.glob("*.tdl"))
        for source in [_source(path)]
        for block in _definitions(source)
        if not comment_above(source, block.span.line)
    ]


def _file_section(path: Path) -> str:
    source = _source(path)
    entries = [_entry(source, block) for block in _definitions(source)]
    intro = _introduction(source)
    title = f"## {path.stem.replace('_', ' ').capitalize()}\n"
    return "\n".join([title, *([f"{intro}\n"] if intro else []), *entries])


def _source(path: Path) -> Source:
    return Source(path.name, path.read_text(encoding="utf-8"))


def _definitions(source: Source) -> list[ast.Definition]:
    """Definitions that a spec may use; a leading underscore marks a file's own."""
    blocks = [block for block in parse(source).blocks if isinstance(block, ast.Definition)]
    return [block for block in blocks if not block.name.startswith("_")]


def _entry(source: Source, block: ast.Definition) -> str:
    words = " ".join(comment_above(source, block.span.line)) or "(no description)"
    shown = block.span.text.strip() if block.short else _head(block.span.text)
    return f"### {block.name}\n\n```tdl\n{shown}\n```\n\n{words}\n"


def _head(text: str) -> str:
    """A definition up to its body, on as many lines as it has there; short ones are shown whole."""
    return text.partition("{")[0].strip()


def _introduction(source: Source) -> str:
    lines = [line.strip() for line in source.text.splitlines()]
    block: list[str] = []
    for line in lines:
        if not line.startswith("#"):
            return " ".join(block) if not line else ""
        block.append(line.lstrip("#").strip())
    return " ".join(block)
