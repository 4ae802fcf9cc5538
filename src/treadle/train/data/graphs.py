"""Graphs from NumPy archives: one large one, `graph("cora.npz")`; many small ones, `molecules("esol.npz")`.

`graph` gives tables of a single row, the whole graph: `features` f32[1, V, F], `labels` i64[1, V], `edges`
i64[1, 2, E] from the first to the second vertex, and `mask` bool[1, V], the vertices that the split at hand
may look at the labels of. The splits differ in their masks alone.

`molecules` gives a row for each graph, filled up with zeros to the largest one: `atoms` f32[n, V, F], `bonds`
u8[n, V, V] (0 for none, else the number of the bond's type plus 1), `sizes` i64[n] and `targets` f32[n].
"""

from __future__ import annotations

from typing import Any

import numpy as np

from treadle.errors import did_you_mean, fail
from treadle.train.data.npz import read_npz
from treadle.train.data.numbers import whole_numbers
from treadle.train.data.request import Request
from treadle.train.data.splits import split_as_asked
from treadle.train.data.table import Array, Splits, make_table

_MASKS = {"train": "train_mask", "validation": "val_mask", "test": "test_mask"}
_MAX_CELLS = 2**31  # of all bond matrices together


def load_graph(request: Request) -> Splits:
    """`graph(path)`: arrays `features` [V, F], `labels` [V], `edge_index` [2, E], `train_mask` [V] etc.

    Raises:
        TreadleError: E0701, E0702 for files that cannot be read, E0703 for other shapes, E0704 for
            fractions where places are meant, E0706 for missing arrays, E0709 for edges of vertices that are
            not there.
    """
    archive = _Archive(request)
    request.finish()
    features = archive.shaped("features", (None, None)).astype(np.float32)
    labels = archive.whole("labels", (len(features),))
    edges = archive.whole("edge_index", (2, None))
    archive.refuse_beyond("edge_index", edges, len(features))
    common = {"features": features, "labels": labels, "edges": edges}
    splits: Splits = {}
    for split, name in _MASKS.items():
        if split == "train" or archive.has(name):
            mask = archive.shaped(name, (len(features),)).astype(np.bool_)
            columns = {column: array[None] for column, array in {**common, "mask": mask}.items()}
            splits[split] = make_table(columns, archive.name, request.span)
    return splits


def load_molecules(request: Request) -> Splits:
    """`molecules(path, largest, test, validation, ...)`; graphs of more than `largest` vertices are left out.

    Arrays: `atom_features` [all atoms, F] and `edge_index` [2, all edges], numbered within each graph, with
    `edge_features` [all edges, k], whose first column is the type; `atom_offsets`, `edge_offsets` [n + 1] say
    where graphs begin; `target` [n].

    Raises:
        TreadleError: as `load_graph`; E0702 for offsets that do not fit, E0708 when no graph is left.
    """
    archive = _Archive(request)
    largest = request.integer("largest", 10_000, low=1, high=10_000)
    targets = archive.shaped("target", (None,)).astype(np.float32)
    sizes, atoms = _atoms(archive, len(targets), largest)
    bonds = _bonds(archive, sizes, largest)
    kept = np.flatnonzero(sizes <= largest)
    columns: dict[str, Array] = {"atoms": atoms, "bonds": bonds, "sizes": sizes, "targets": targets}
    chosen = {name: column[kept] for name, column in columns.items()}
    return split_as_asked(make_table(chosen, archive.name, request.span), request)


def _atoms(archive: _Archive, count: int, largest: int) -> tuple[Any, Any]:
    """How many atoms each graph has, and their features, filled up with zeros."""
    features = archive.shaped("atom_features", (None, None)).astype(np.float32)
    sizes, graph = archive.parts("atom_offsets", count, len(features))
    place = np.arange(len(features)) - (np.cumsum(sizes) - sizes)[graph]
    small = sizes[graph] <= largest
    padded = np.zeros((count, _width(archive, sizes, largest), features.shape[1]), np.float32)
    padded[graph[small], place[small]] = features[small]
    return sizes, padded


def _bonds(archive: _Archive, sizes: Any, largest: int) -> Any:
    """The bond between each pair of atoms of each graph."""
    edges = archive.whole("edge_index", (2, None))
    kinds = archive.whole("edge_features", (edges.shape[1], None))[:, 0]
    _, graph = archive.parts("edge_offsets", len(sizes), edges.shape[1])
    archive.refuse_beyond("edge_index", edges, sizes[graph])
    small = sizes[graph] <= largest
    width = _width(archive, sizes, largest)
    bonds = np.zeros((len(sizes), width, width), np.uint8)
    bonds[graph[small], edges[0, small], edges[1, small]] = kinds[small] + 1
    return bonds


def _width(archive: _Archive, sizes: Any, largest: int) -> int:
    width = int(sizes[sizes <= largest].max(initial=0))
    if not width or len(sizes) * width**2 > _MAX_CELLS:
        archive.refuse("E0708", f"leaves graphs of {width:,} vertices; `largest` says which ones are kept")
    return width


class _Archive:
    """The arrays of a file, checked as they are taken out."""

    def __init__(self, request: Request) -> None:
        path = request.folders.find(request.text("path"), "a NumPy .npz archive", request.span)
        self.name = str(path)
        self._arrays = read_npz(path, request)
        self._span = request.span
        self.refuse = request.refuse

    def has(self, name: str) -> bool:
        """Whether there is an array of this name."""
        return name in self._arrays

    def shaped(self, name: str, shape: tuple[int | None, ...]) -> Any:
        """An array; `None` stands for any size of an axis."""
        if name not in self._arrays:
            hint = did_you_mean(name, self._arrays) or f"it has: {', '.join(self._arrays)}"
            fail("E0706", f"{self.name} has no array `{name}`", self._span, hint=hint)
        array = self._arrays[name]
        fits = all(want in (None, size) for want, size in zip(shape, array.shape, strict=False))
        if array.ndim != len(shape) or not fits:
            wanted = ", ".join("any" if size is None else str(size) for size in shape)
            found = f"`{name}` of {self.name} has the shape {list(array.shape)}; expected [{wanted}]"
            fail("E0703", found, self._span)
        return array

    def whole(self, name: str, shape: tuple[int | None, ...]) -> Any:
        """An array of whole numbers, i64."""
        return whole_numbers(self.shaped(name, shape), f"`{name}` of {self.name}", self._span)

    def parts(self, name: str, count: int, total: int) -> tuple[Any, Any]:
        """The sizes of `count` parts from their offsets, and for each of `total` rows its part."""
        offsets = self.whole(name, (count + 1,))
        sizes = np.diff(offsets)
        if offsets[0] != 0 or offsets[-1] != total or (sizes < 0).any():
            fail("E0702", f"`{name}` of {self.name} does not divide {total:,} rows", self._span)
        return sizes, np.repeat(np.arange(count), sizes)

    def refuse_beyond(self, name: str, vertices: Any, count: Any) -> None:
        """Refuses vertices that are not below `count`, a number or one for each column."""
        if ((vertices < 0) | (vertices >= count)).any():
            fail("E0709", f"`{name}` of {self.name} names vertices that are not there", self._span)
