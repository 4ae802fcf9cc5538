"""Models of other tools as specs.

Input: the path of a model file. Output: the text of a spec and the values of its parameters and states. What
is returned has been read again: it is a spec that passes `treadle check`, and its weights fit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from treadle.errors import did_you_mean, fail
from treadle.frontend.load import load_text
from treadle.train.checkpoint import Checkpoint, match_leaves

LOSSES = ("cross_entropy", "bce_with_logits", "bce", "mse", "mae", "huber", "smooth_l1")


@dataclass(frozen=True)
class ImportRequest:
    """What is asked of an import.

    Attributes:
        fixed: values of inputs that become constants, because shapes depend on them.
        weights: the name of the file that the weights go to.
        examples: an archive of examples, to train on; empty for a model alone.
        loss: of the training; empty for the one that fits the output.
    """

    fixed: Mapping[str, Any] = field(default_factory=dict)
    weights: str = ""
    examples: str = ""
    loss: str = ""


@dataclass(frozen=True)
class SpecFiles:
    """An imported model: the text of its spec, its weights, and what its inputs and outputs are called."""

    text: str
    checkpoint: Checkpoint
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


def onnx_to_spec(path: Path, request: ImportRequest | None = None) -> SpecFiles:
    """An ONNX file as a spec.

    Raises:
        TreadleError: E1003 for a loss that there is not, E1001, E1006 and E1303 for files that cannot be
            read, E1302 without the package `onnx`, E1304 and E1305 for models that have no form in Treadle.
    """
    if find_spec("onnx") is None:
        fail("E1302", "the package `onnx` is missing", hint="pip install 'treadle[onnx]'")
    wanted = request or ImportRequest()
    if wanted.loss and wanted.loss not in LOSSES:
        hint = did_you_mean(wanted.loss, LOSSES) or f"losses are: {', '.join(LOSSES)}"
        fail("E1003", f"there is no loss `{wanted.loss}` to train with", hint=hint)
    whole = import_module("treadle.interop.onnx.importing.whole")
    imported, text = whole.imported_file(path, title_of(path), wanted)
    (model,) = load_text(text, path.with_suffix(".tdl").name).models.values()
    values = match_leaves(
        imported.weights, {name: leaf.type for name, leaf in model.leaves.items()}, str(path)
    )
    return SpecFiles(text, Checkpoint(values, bf16=imported.bf16), imported.inputs, imported.outputs)


def title_of(path: Path) -> str:
    """The name of the model of a file: `tiny-yolo_v2.onnx` holds `TinyYoloV2`."""
    words = re.findall(r"[A-Za-z0-9]+", path.stem)
    joined = "".join(word[:1].upper() + word[1:] for word in words)
    return joined if joined[:1].isalpha() else f"Model{joined}"
