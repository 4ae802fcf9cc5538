"""A whole import: from a file to the tree and the text of a spec."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from onnx import ModelProto

from treadle.interop.onnx.importing.files import read_model
from treadle.interop.onnx.importing.importer import Imported, Wishes, import_model
from treadle.interop.onnx.importing.printing import spec_text

if TYPE_CHECKING:
    from treadle.interop.model_files import ImportRequest


def imported_file(path: Path, title: str, request: ImportRequest) -> tuple[Imported, str]:
    """The model of a file and its text.

    Raises:
        TreadleError: E1303, E1304, E1305; see `onnx_to_spec`.
    """
    model = read_model(path)
    wishes = Wishes(request.fixed, title, request.examples, request.loss, request.weights)
    imported = import_model(model, wishes)
    return imported, spec_text(imported, _comment(model, path))


def _comment(model: ModelProto, path: Path) -> str:
    """Where the spec comes from."""
    producer = " ".join(word for word in (model.producer_name, model.producer_version) if word)
    opset = max((item.version for item in model.opset_import if item.domain in {"", "ai.onnx"}), default=0)
    made = f", written by {_one_line(producer)}" if producer else ""
    return f"From {_one_line(path.name)}{made} (opset {opset})."


def _one_line(text: str) -> str:
    return " ".join(text.split())[:80]
