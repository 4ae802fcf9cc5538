"""Stand-ins for representation learning: a small corpus, and the weights of a contrastive encoder."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

NAMES = ("cat", "dog", "horse", "crow", "oak", "elm", "fir", "rose")
ENCODER = {
    "encode.conv2d.W": (16, 1, 3, 3),
    "encode.conv2d.b": (16,),
    "encode.conv2d_2.W": (32, 16, 3, 3),
    "encode.conv2d_2.b": (32,),
    "encode.dense.W": (1568, 64),
    "encode.dense.b": (64,),
}


def write_corpus(folder: Path) -> None:
    """Sentences in which animals eat and plants grow."""
    with gzip.open(folder / "brown_words.txt.gz", "wt", encoding="utf-8") as stream:
        for i in range(4000):
            verb, place = ("eats", "barn") if i % 8 < 4 else ("grows", "wood")
            stream.write(f"The old {NAMES[i % 8]}{i % 80} {verb} in the {place} , and so it was .\n")


def write_encoder(folder: Path) -> None:
    """Weights as a contrastive training leaves them, small and at random."""
    draw = np.random.default_rng(0)
    weights = {
        name: (0.1 * draw.standard_normal(shape)).astype(np.float32) for name, shape in ENCODER.items()
    }
    save_file(weights, folder / "simclr.safetensors")
