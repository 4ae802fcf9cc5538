"""Weights of networks of the chapter on convolution, as they are before a training."""

from __future__ import annotations

from pathlib import Path

from treadle.frontend.gallery import gallery
from treadle.frontend.load import load_spec
from treadle.train.checkpoint import Checkpoint, save_checkpoint
from treadle.train.programs import initial_values


def write_trunks(folder: Path) -> None:
    """The network that was trained on digits, and the one with a new head."""
    plan = load_spec(gallery()["transfer_learning"]).trains["digits"]
    for name in ("digits", "head"):
        values = initial_values(plan.init, 0, 1)
        kept = {leaf: values[leaf] for leaf in plan.eval.leaves}
        save_checkpoint(folder / f"{name}.safetensors", Checkpoint(kept))
