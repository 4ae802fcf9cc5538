"""Stand-ins for the data files of sequences and attention: pairs of sentences, recordings, first weights."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from treadle.frontend.gallery import gallery
from treadle.frontend.load import load_spec
from treadle.train.checkpoint import Checkpoint, save_checkpoint


def write_pairs(folder: Path) -> None:
    """Sentences and the same in another language, word by word."""
    words = {"a": "ein", "man": "mann", "dog": "hund", "sees": "sieht", "house": "haus", "runs": "rennt"}
    names = list(words)
    rows = []
    for number in range(400):
        chosen = [names[(number * (k + 1) + k) % len(names)] for k in range(3 + number % 4)]
        split = "train" if number < 320 else "val" if number < 360 else "test2016"
        rows.append(f"{split}\t{' '.join(chosen)}\t{' '.join(words[word] for word in chosen)}")
    with gzip.open(folder / "multi30k_en_de.tsv.gz", "wt", encoding="utf-8") as stream:
        stream.write("split\ten\tde\n" + "\n".join(rows) + "\n")


def write_recordings(folder: Path) -> None:
    """Ten tones for ten digits, each lasting a different time."""
    labels, takes = (grid.ravel() for grid in np.meshgrid(np.arange(10), np.arange(20)))
    lengths = 1200 + 40 * takes
    tones = [
        2**13 * np.sin(2 * np.pi * (200 + 300 * label) * np.arange(length) / 8000)
        for label, length in zip(labels, lengths, strict=True)
    ]
    np.savez(
        folder / "spoken_digits.npz",
        samples=np.concatenate(tones).astype(np.int16),
        offsets=np.concatenate([[0], lengths.cumsum()]),
        labels=labels.astype(np.uint8),
        takes=takes.astype(np.uint8),
    )


def write_pretrained(folder: Path) -> None:
    """Weights of the network that is fine-tuned, as drawn as those of a network before its training."""
    leaves = load_spec(gallery()["pretrained"]).models["Patches"].leaves
    draw = np.random.default_rng(0)
    values = {
        name: (name.endswith("gamma") + 0.1 * draw.standard_normal(leaf.type.static_shape())).astype(
            np.float32
        )
        for name, leaf in leaves.items()
    }
    save_checkpoint(folder / "pretrained.safetensors", Checkpoint(values))
