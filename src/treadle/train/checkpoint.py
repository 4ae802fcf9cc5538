"""Checkpoints: leaves of a network in one safetensors file, with what is needed to go on training in its
header.

Input and output: arrays by leaf name. Loading checks names, shapes and element types, and reports every
difference.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from treadle.errors import TreadleError, did_you_mean, fail
from treadle.ops.halves import to_words
from treadle.train.bf16_files import mark_bf16
from treadle.train.files import write_atomically
from treadle.train.fingerprint import fingerprint
from treadle.train.json_files import parse_json
from treadle.train.tensor_files import BF16, open_tensors
from treadle.train.weight_report import UNEXPECTED, LoadReport, diagnostics, of_the_network
from treadle.types import DType, TensorType

Array = npt.NDArray[Any]

_HEADER = "treadle"  # the key of our JSON text in the header of the file
_CHECKSUM = "sha256"
_SUFFIX = ".safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """Values by leaf name, and facts about the run: seed, epoch, steps, metrics, digest of the spec.

    `bf16` names the values that are bfloat16, since NumPy's arrays do not tell.
    """

    values: Mapping[str, Array]
    facts: Mapping[str, Any] = field(default_factory=dict)
    bf16: frozenset[str] = frozenset()


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> str:
    """Writes the file, with a checksum; an older one of this name stays until the new one is complete.

    Returns the SHA-256 of the whole file, as `sha256sum` prints it.

    Raises:
        TreadleError: E0808 when it cannot be written.
    """
    from safetensors.numpy import save  # noqa: PLC0415 - `check` must not pay for it

    values = {name: np.asarray(value, order="C") for name, value in checkpoint.values.items()}
    marked = [name for name in values if name in checkpoint.bf16]
    checksum = fingerprint(values, checkpoint.facts, marked)
    values |= {name: to_words(values[name], DType.BF16) for name in marked}
    facts = json.dumps({**checkpoint.facts, _CHECKSUM: checksum}, sort_keys=True)
    content = mark_bf16(save(values, metadata={_HEADER: facts}), marked)
    write_atomically(path, content)
    return hashlib.sha256(content).hexdigest()


def load_checkpoint(path: Path) -> Checkpoint:
    """Reads a file, or the best (else the last) one of a run folder.

    Raises:
        TreadleError: E0801 when it does not exist, E0802 when it is damaged, E0813 for other formats.
    """
    found = open_tensors(checkpoint_file(path))
    try:
        facts = parse_json(found.metadata.get(_HEADER, "{}"))
    except ValueError as error:
        fail("E0802", f"{found.path}: its facts about the run are not understood: {error}")
    small = frozenset(name for name, entry in found.entries.items() if entry.dtype == BF16)
    loaded = Checkpoint(found.read_all(), facts if isinstance(facts, dict) else {}, small)
    return _verified(loaded, found.path)


def _verified(loaded: Checkpoint, path: Path) -> Checkpoint:
    """The checkpoint without its checksum, if that is right; files from elsewhere have none."""
    facts = dict(loaded.facts)
    told = facts.pop(_CHECKSUM, None)
    if told is not None and told != fingerprint(loaded.values, facts, loaded.bf16):
        fail(
            "E0802",
            f"{path} does not hold what was written: its checksum is another",
            hint="another checkpoint of the run may be intact: look beside it, and into `checkpoints`",
        )
    return replace(loaded, facts=facts)


def checkpoint_file(path: Path) -> Path:
    """The file that a path on the command line means: itself, or the best or last one of a run folder.

    Raises:
        TreadleError: E0801 when there is none.
    """
    candidates = [path / f"{name}{_SUFFIX}" for name in ("best", "last")] if path.is_dir() else [path]
    found = next((candidate for candidate in candidates if candidate.is_file()), None)
    return found or _refuse_missing(path)


def match_leaves(
    values: Mapping[str, Array], leaves: Mapping[str, TensorType], where: str
) -> dict[str, Array]:
    """The values of exactly these leaves; a file may hold more states (the optimizer's) than asked for.

    Raises:
        TreadleError: E0803 for missing leaves, E0804 for other shapes, E0806 for other element types, all
            at once.
    """
    report = LoadReport(where, leaves)
    for name, type_ in leaves.items():
        if name not in values:
            report.missing.append(name)
        elif values[name].shape != type_.static_shape():
            report.other_shape[name] = values[name].shape
        elif values[name].dtype != np.dtype(type_.dtype.numpy_name):
            report.other_type[name] = values[name].dtype.name
    if report.missing or report.other_shape:
        report.unexpected = {
            name: value.shape for name, value in of_the_network(values).items() if name not in leaves
        }
    found = [one for one in diagnostics(report) if one.code != UNEXPECTED.code]
    if found:
        raise TreadleError(found)
    return {name: values[name] for name in leaves}


def _refuse_missing(path: Path) -> NoReturn:
    holds = "the folder holds neither best.safetensors nor last.safetensors"
    fail(
        "E0801",
        f"checkpoint {path} was not found: {holds if path.is_dir() else 'no such file'}",
        hint=_nearby(path),
    )


def _nearby(path: Path) -> str | None:
    if not path.parent.is_dir():
        return None
    entries = sorted(path.parent.iterdir())[:1000]
    return did_you_mean(str(path), [str(one) for one in entries if one.suffix == path.suffix])
