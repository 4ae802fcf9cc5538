"""The text of an imported model, in the layout of `treadle fmt`.

Input: an imported model. Output: the text of a spec: what is declared, an empty line, what is computed.
"""

from __future__ import annotations

from treadle.frontend.format import format_source
from treadle.frontend.spec_text import spec_to_text
from treadle.interop.onnx.importing.importer import Imported
from treadle.source import Source


def spec_text(imported: Imported, comment: str = "") -> str:
    """The spec of an imported model, below a comment."""
    lines = spec_to_text(imported.spec).splitlines()
    lines.insert(1 + imported.declarations, "")
    spaced = [f"\n{line}" if _begins_block(line, number) else line for number, line in enumerate(lines)]
    head = [f"# {line}" for line in comment.splitlines()] + ([""] if comment else [])
    return format_source(Source(imported.title, "\n".join([*head, *spaced, ""])))


def _begins_block(line: str, number: int) -> bool:
    return number > 0 and line.startswith(("data ", "train "))
