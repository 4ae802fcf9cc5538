"""Small stand-ins for graphs: a ring of papers in neighbourhoods of one subject, and chains as molecules."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def write_citations(folder: Path) -> None:
    """Rings in which each stretch is of one subject, of the widths of Cora and Citeseer."""
    for name, words, subjects in (("cora", 1433, 7), ("citeseer", 3703, 6)):
        np.savez(folder / f"{name}.npz", **_ring(84, words, subjects))


def _ring(count: int, words: int, subjects: int) -> dict[str, np.ndarray]:
    labels = np.arange(count) * subjects // count
    features = (np.random.default_rng(0).random((count, words)) < 0.01).astype(np.float32)
    features[np.arange(count), labels] = 1
    along = np.stack([np.arange(count), np.roll(np.arange(count), 1)])
    masks = {name: np.arange(count) % 3 == k for k, name in enumerate(("train", "val", "test"))}
    edges = np.concatenate([along, along[::-1]], axis=1)
    return {"features": features, "labels": labels, "edge_index": edges} | {
        f"{name}_mask": mask for name, mask in masks.items()
    }


def write_molecules(folder: Path) -> None:
    """Chains of carbon with some oxygen, which decides."""
    for name, low, step in (("esol_graphs", -6.0, 1.0), ("molecules_graphs", 0.0, 20.0)):
        np.savez(folder / f"{name}.npz", **_chains(160, low, step))


def _chains(count: int, low: float, step: float) -> dict[str, np.ndarray]:
    sizes = 3 + np.arange(count) % 6
    oxygens = np.arange(count) % 7 % sizes
    atoms = np.zeros((sizes.sum(), 7), np.int8)
    atoms[:, 0] = np.concatenate(
        [np.where(np.arange(n) < k, 8, 6) for n, k in zip(sizes, oxygens, strict=True)]
    )
    edges = [np.stack([np.arange(n - 1), np.arange(1, n)]) for n in sizes]
    both = [np.concatenate([pair, pair[::-1]], axis=1) for pair in edges]
    return {
        "atom_features": atoms,
        "atom_offsets": np.concatenate([[0], np.cumsum(sizes)]),
        "edge_index": np.concatenate(both, axis=1).astype(np.int16),
        "edge_features": np.zeros((2 * (sizes - 1).sum(), 2), np.int8),
        "edge_offsets": np.concatenate([[0], np.cumsum(2 * (sizes - 1))]),
        "target": (low + step * oxygens).astype(np.float32),
    }
