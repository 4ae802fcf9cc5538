"""Small stand-ins for the data files of gallery specs: right in names, shapes and types, easy to learn.

A function per file; `write_all` writes them into a folder.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gallery.standins_convolution import write_trunks
from gallery.standins_graphs import write_citations, write_molecules
from gallery.standins_representation import write_corpus, write_encoder
from gallery.standins_sequences import write_pairs, write_pretrained, write_recordings

Array = np.ndarray


def squares(count: int, size: int) -> tuple[Array, Array]:
    """Images with a bright square at one of ten places, and the numbers of the places."""
    labels = np.arange(count) % 10
    images = np.zeros((count, size, size), np.uint8)
    step, side = size // 2, size // 5
    for image, label in zip(images, labels, strict=True):
        row, column = size // 7 + step * (label // 5), side * (label % 5)
        image[row : row + side, column : column + side] = 255
    return images, labels.astype(np.uint8)


def write_mnist(folder: Path, name: str = "mnist.npz") -> None:
    """Digits that are squares."""
    train, test = squares(640, 28), squares(128, 28)
    np.savez(
        folder / name, train_images=train[0], train_labels=train[1], test_images=test[0], test_labels=test[1]
    )


def write_fashion(folder: Path) -> None:
    """The same as digits, under another name."""
    write_mnist(folder, "fashion_mnist.npz")


def write_cifar(folder: Path) -> None:
    """Colour images, channels last."""
    splits = {"train": squares(320, 32), "test": squares(64, 32)}
    arrays = {f"{name}_images": np.repeat(images[..., None], 3, -1) for name, (images, _) in splits.items()}
    labels = {f"{name}_labels": labels for name, (_, labels) in splits.items()}
    np.savez(folder / "cifar10_subset.npz", **arrays, **labels)


def write_shakespeare(folder: Path) -> None:
    """A rhyme."""
    (folder / "tinyshakespeare.txt").write_text("the shuttle flies from hand to hand\n" * 800)


def write_series(folder: Path) -> None:
    """Waves."""
    steps = np.arange(240)
    spots = 80 + 60 * np.sin(2 * np.pi * steps / 11)
    lines = [f"{1700 + year},{value:.1f}" for year, value in zip(steps, spots, strict=True)]
    (folder / "sunspots.csv").write_text("year,sunspots\n" + "\n".join(lines) + "\n")
    lines = [f"{1949 + month / 12:.2f},{200 + month + 30 * (month % 12):.0f}" for month in range(144)]
    (folder / "airline_passengers.csv").write_text("month,passengers\n" + "\n".join(lines) + "\n")


def write_reviews(folder: Path) -> None:
    """Sentences whose first word tells the class."""
    words = ["the", "film", "is", "so", "very", "long", "and", "slow", "that", "one", "may", "sleep"]
    rows = [
        f"{i % 2}\t{('dull', 'fine')[i % 2]} {' '.join(words[: 3 + i % (len(words) - 3)])}"
        for i in range(400)
    ]
    with gzip.open(folder / "rt_polarity.tsv.gz", "wt", encoding="utf-8") as stream:
        stream.write("label\tsentence\n" + "\n".join(rows) + "\n")


WRITERS: tuple[Callable[[Path], None], ...] = (
    write_mnist,
    write_fashion,
    write_cifar,
    write_shakespeare,
    write_series,
    write_reviews,
    write_corpus,
    write_encoder,
    write_citations,
    write_molecules,
    write_trunks,
    write_pairs,
    write_recordings,
    write_pretrained,
)


def write_all(folder: Path) -> None:
    """Writes every stand-in."""
    for write in WRITERS:
        write(folder)
