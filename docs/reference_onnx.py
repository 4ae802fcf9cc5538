"""The table of ONNX operators that can be imported: the registry of translators as a page."""

from __future__ import annotations

import inspect

from treadle.interop.onnx.importing import importer as _importer  # noqa: F401 - registers the translators
from treadle.interop.onnx.importing.registry import OPERATORS, Entry

_HEADER = """# ONNX operators

Generated from the translators in `src/treadle/interop/onnx/importing/operators/` by `docs/generate.py`; how
models are imported stands in [ONNX](onnx.md).

| Operator | Versions | What a spec says for it |
|---|---|---|
"""


def onnx_page() -> str:
    """`docs/onnx-operators.md`."""
    rows = [_row(domain, name, entries) for (domain, name), entries in sorted(OPERATORS.items(), key=_order)]
    return _HEADER + "\n".join(rows) + "\n"


def _order(item: tuple[tuple[str, str], list[Entry]]) -> tuple[str, str]:
    (domain, name), _ = item
    return domain, name


def _row(domain: str, name: str, entries: list[Entry]) -> str:
    title = f"{domain}.{name}" if domain else name
    versions = ", ".join(f"{entry.since}+" for entry in entries)
    return f"| `{title}` | {versions} | {_meaning(entries[-1])} |"


def _meaning(entry: Entry) -> str:
    """The first line of a translator's docstring."""
    text = inspect.getdoc(entry.translate) or ""
    first = text.partition("\n")[0]
    return first.replace("|", "\\|")
