"""From sources to model inputs: the columns of a data block computed for every split.

Input: tables of a spec's sources, the graph that the frontend makes of the data block. Output: `Feed`s,
which give batches of model inputs. Columns are computed once, when the data is loaded; those of a split
with `augment` are computed anew for every batch, with draws keyed by the batch's number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from treadle.backends.numpy_ref import Interpreter
from treadle.errors import fail
from treadle.ir import RNG_INPUT, Graph, bind
from treadle.source import Span
from treadle.train.data.rowwise import is_rowwise
from treadle.train.data.table import Array, Table, array_type
from treadle.types import Dim, TensorType, symbol

ROWS = "N"  # the symbol for the number of rows in column graphs
_BYTES_AT_ONCE = 2**18  # of raw columns: the results of a few operations fit a second-level cache
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


@dataclass(frozen=True)
class Spans:
    """Where a data block, and each of its columns, stands in a spec."""

    block: Span | None = None
    columns: Mapping[str, Span] = field(default_factory=dict)

    def of(self, name: str) -> Span | None:
        """The place of a column's definition, else of the block."""
        return self.columns.get(name, self.block)


class Sized:
    """A column graph as a function of its inputs and the number of rows."""

    def __init__(self, graph: Graph) -> None:
        """Prepares nothing yet."""
        self._graph = graph
        self._interpreters: dict[int, Interpreter] = {}

    def __call__(self, values: Mapping[str, Array], rows: int) -> dict[str, Array]:
        """The outputs by name."""
        if rows not in self._interpreters:
            bound = bind(self._graph, {ROWS: rows})
            self._interpreters[rows] = Interpreter(list(bound.outputs.values()))
        return dict(zip(self._graph.outputs, self._interpreters[rows](values), strict=True))


class Augmenter:
    """Runs a column graph, whose inputs are `split.column`, on each batch."""

    def __init__(self, graph: Graph, split: str, seed: int) -> None:
        """Draws depend on the seed and the number of the batch."""
        self._run = Sized(graph)
        self._split = split
        self._seed = seed

    def run(self, rows: Table, number: int) -> Mapping[str, Array]:
        """The model inputs of these rows."""
        values = source_values({self._split: rows})
        values[RNG_INPUT] = np.array([self._seed ^ _AUGMENT_STREAM, number])
        return self._run(values, rows.size)


def compute_columns(graph: Graph, split: str, sources: Mapping[str, Table]) -> Table:
    """The columns of all rows of a split, from the tables of all splits.

    The graph has the symbolic number of rows `ROWS` for this split. Where each row stands for itself, a few
    rows are computed at a time, in the fast memory of the processor.
    """
    rows = sources[split]
    others = source_values({name: table for name, table in sources.items() if name != split})
    values = others | {RNG_INPUT: np.zeros(2, np.int64)}
    size = _rows_at_once(rows) if is_rowwise(graph, symbol(ROWS)) else rows.size
    run = Sized(graph)
    columns: dict[str, Array] = {}
    for start in range(0, rows.size, size):
        part = rows.take(slice(start, min(start + size, rows.size)))
        for name, array in run(values | source_values({split: part}), part.size).items():
            if size >= rows.size:
                columns[name] = np.ascontiguousarray(array)
                continue
            if name not in columns:
                columns[name] = np.empty((rows.size, *array.shape[1:]), array.dtype)
            columns[name][start : start + part.size] = array
    return Table(columns)


def _rows_at_once(rows: Table) -> int:
    return max(1, _BYTES_AT_ONCE * rows.size // max(1, rows.nbytes))


def source_values(sources: Mapping[str, Table]) -> dict[str, Array]:
    """The inputs `split.column` of a column graph."""
    return {
        f"{split}.{name}": array for split, table in sources.items() for name, array in table.columns.items()
    }


def check_columns(
    columns: Mapping[str, Array], inputs: Mapping[str, TensorType], where: str, spans: Spans
) -> dict[str, int]:
    """Compares columns with the declared inputs of a model; returns what its symbolic dimensions are here.

    Raises:
        TreadleError: E0610 for a missing column, E0703 for another shape, E0704 for another element type.
    """
    sizes: dict[str, int] = {}
    for name, type_ in inputs.items():
        if name not in columns:
            fail("E0610", f"{where} has no column for the input `{name}`", spans.block)
        found = array_type(columns[name])
        if found.dtype is not type_.dtype:
            fail("E0704", f"`{name}`: the model expects {type_}, {where} has {found}", spans.of(name))
        if found.rank != type_.rank or not _fits(type_, found, sizes):
            fail("E0703", f"`{name}`: the model expects {type_}, {where} has {found}", spans.of(name))
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
