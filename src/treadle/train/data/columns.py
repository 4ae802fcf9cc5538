"""From sources to model inputs: the columns of a data block computed for every split.

Input: tables of a spec's sources, the graph that the frontend makes of the data block. Output: `Feed`s,
which give batches of model inputs. Columns are computed once, when the data is loaded; those of a split
with `augment` are computed anew for every batch, with draws keyed by the batch's number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from treadle.backends.numpy_ref import Interpreter
from treadle.errors import fail
from treadle.ir import RNG_INPUT, Graph, bind
from treadle.source import Span
from treadle.train.data.table import Array, Table, array_type
from treadle.types import Dim, TensorType

_AUGMENT_STREAM = 0x5EED  # keeps the draws of augmentation apart from those of the network


@dataclass(frozen=True)
class Feed:
    """Gives the model inputs of rows of one split.

    Attributes:
        sizes: what the symbolic dimensions of the model's inputs are in this data, apart from the batch.
        table: the model inputs of all examples, or the raw columns when `augmenter` is set.
        augmenter: computes the model inputs of each batch anew.
    """

    sizes: Mapping[str, int]
    table: Table
    augmenter: Augmenter | None = None

    def batch(self, rows: Table, number: int) -> Mapping[str, Array]:
        """The model inputs of a batch of rows; `number` counts the batches of a training."""
        return rows.columns if self.augmenter is None else self.augmenter.run(rows, number)


class Augmenter:
    """Runs a column graph, whose inputs are `split.column`, on each batch."""

    def __init__(self, graph: Graph, split: str, seed: int) -> None:
        """Draws depend on the seed and the number of the batch."""
        self._graph = graph
        self._split = split
        self._seed = seed
        self._interpreters: dict[int, Interpreter] = {}

    def run(self, rows: Table, number: int) -> Mapping[str, Array]:
        """The model inputs of these rows."""
        if rows.size not in self._interpreters:
            bound = bind(self._graph, dict.fromkeys(self._graph.symbols(), rows.size))
            self._interpreters[rows.size] = Interpreter(list(bound.outputs.values()))
        values = source_values({self._split: rows})
        values[RNG_INPUT] = np.array([self._seed ^ _AUGMENT_STREAM, number])
        return dict(zip(self._graph.outputs, self._interpreters[rows.size](values), strict=True))


def compute_columns(graph: Graph, sources: Mapping[str, Table]) -> Table:
    """The columns of all rows, from the tables of all splits."""
    values = source_values(sources) | {RNG_INPUT: np.zeros(2, np.int64)}
    outputs = Interpreter(list(graph.outputs.values()))(values)
    return Table({name: np.ascontiguousarray(a) for name, a in zip(graph.outputs, outputs, strict=True)})


def source_values(sources: Mapping[str, Table]) -> dict[str, Array]:
    """The inputs `split.column` of a column graph."""
    return {
        f"{split}.{name}": array for split, table in sources.items() for name, array in table.columns.items()
    }


def check_columns(
    columns: Mapping[str, Array], inputs: Mapping[str, TensorType], where: str, span: Span | None
) -> dict[str, int]:
    """Compares columns with the declared inputs of a model; returns what its symbolic dimensions are here.

    Raises:
        TreadleError: E0610 for a missing column, E0703 for another shape, E0704 for another element type.
    """
    sizes: dict[str, int] = {}
    for name, type_ in inputs.items():
        if name not in columns:
            fail("E0610", f"{where} has no column for the input `{name}`", span)
        found = array_type(columns[name])
        if found.dtype is not type_.dtype:
            fail("E0704", f"`{name}`: the model expects {type_}, {where} has {found}", span)
        if found.rank != type_.rank or not _fits(type_, found, sizes):
            fail("E0703", f"`{name}`: the model expects {type_}, {where} has {found}", span)
    return sizes


def _fits(declared: TensorType, found: TensorType, sizes: dict[str, int]) -> bool:
    for dim, size in zip(declared.shape, found.static_shape(), strict=True):
        if isinstance(dim, Dim) and str(dim) in dim.symbols:
            dim = sizes.setdefault(str(dim), size)  # noqa: PLW2901 - the symbol has its size now
        elif isinstance(dim, Dim):
            dim = dim.substitute(sizes)  # noqa: PLW2901
        if isinstance(dim, int) and dim != size:
            return False
    return True
