"""The text of an imported model, in the layout of `treadle fmt`."""

from __future__ import annotations

from treadle.frontend.format import format_source
from treadle.frontend.spec_text import spec_to_text
from treadle.interop.onnx.importing.importer import Imported
from treadle.source import Source


def spec_text(imported: Imported) -> str:
    """The spec of an imported model."""
    return format_source(Source(imported.title, spec_to_text(imported.spec)))
