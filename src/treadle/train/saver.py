"""Writes the checkpoints of a training: weights and what is needed to go on, each with a readable JSON.

Input: a session, progress. Output: `NAME.safetensors`, whole or as it was before, and `NAME.json`. Weights
that are no numbers are never written. Non-goals: when to save (`keeper`), what stays (`snapshots`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from treadle.backends.protocol import Array, Session
from treadle.errors import fail
from treadle.frontend.result import TrainPlan
from treadle.train.checkpoint import Checkpoint, save_checkpoint
from treadle.train.ema import averaged_name
from treadle.train.files import write_atomically
from treadle.train.progress import Progress, progress_to_facts
from treadle.train.runs import RunFolder
from treadle.types import DType


class Saver:
    """Saves one training."""

    def __init__(self, plan: TrainPlan, session: Session) -> None:
        """Saves the leaves of `plan`, whose values are in `session`."""
        self._plan = plan
        self._session = session

    def save_last(self, folder: RunFolder, progress: Progress) -> None:
        """Writes `last`, from which the training can go on.

        Raises:
            TreadleError: E0612 for weights that are no numbers, E0808 when the disk refuses.
        """
        self._save_whole(folder.checkpoint("last"), progress)

    def save_snapshot(self, folder: RunFolder, progress: Progress) -> None:
        """Writes the numbered checkpoint of this step. Raises what `save_last` raises."""
        path = folder.snapshot(progress.step)
        if not path.parent.is_dir() and folder.path.is_dir():
            path.parent.mkdir(exist_ok=True)
        self._save_whole(path, progress)

    def save_best(self, folder: RunFolder, progress: Progress, leaves: Mapping[str, Array]) -> None:
        """Writes `best`: the weights that evaluation used in the best epoch.

        Raises:
            TreadleError: E0808 when the disk refuses.
        """
        facts = progress_to_facts(progress, self._plan) | {"values": progress.best}
        self._write(folder.checkpoint("best"), Checkpoint(leaves, facts, self._bf16), progress)

    def read_evaluated(self) -> dict[str, Array]:
        """The values that evaluation uses: averages stand in for the parameters that have one."""
        sources = {name: averaged_name(name) for name in self._plan.eval.leaves}
        return {
            name: self._session.read(average if average in self._plan.leaves else name)
            for name, average in sources.items()
        }

    @property
    def _bf16(self) -> frozenset[str]:
        leaves = self._plan.leaves
        return frozenset(name for name, leaf in leaves.items() if leaf.type.dtype is DType.BF16)

    def _save_whole(self, path: Path, progress: Progress) -> None:
        values = self._read(self._plan.leaves)
        self._refuse_broken(values, progress)
        self._write(path, Checkpoint(values, progress_to_facts(progress, self._plan), self._bf16), progress)

    def _write(self, path: Path, checkpoint: Checkpoint, progress: Progress) -> None:
        checksum = save_checkpoint(path, checkpoint)
        told = {
            "epoch": progress.epoch,
            "step": progress.step,
            "train": self._plan.name,
            "seed": self._plan.seed,
            "best_epoch": progress.best_epoch,
            "seconds": round(progress.seconds, 3),
            "tensors": len(checkpoint.values),
            "sha256": checksum,
        }
        content = json.dumps(told, indent=2).encode() + b"\n"
        write_atomically(path.with_suffix(".json"), content, durable=False)

    def _read(self, names: Collection[str]) -> dict[str, Array]:
        return {name: self._session.read(name) for name in names}

    def _refuse_broken(self, values: Mapping[str, Array], progress: Progress) -> None:
        for name, leaf in self._plan.leaves.items():
            if leaf.trainable and leaf.kind == "param" and not np.isfinite(values[name]).all():
                fail("E0612", f"`{name}` is no finite number after step {progress.step}", self._plan.span)
