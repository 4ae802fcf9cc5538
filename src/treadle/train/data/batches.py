"""Batches: which rows come together, in which order, keyed by (seed, epoch) alone.

Training batches all have the same size: the rest of an epoch that fills no batch is left out (another rest
each epoch). Evaluation walks over every row once, with one smaller batch at the end.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from treadle.train.data.table import Table

Rows = npt.NDArray[np.int64]


def epoch_order(size: int, seed: int, epoch: int) -> Rows:
    """The order of the rows in an epoch: a permutation that depends on seed and epoch only."""
    return np.random.default_rng([seed, epoch]).permutation(size)


class BatchStream:
    """The endless sequence of training batches; batch number `position` can be returned to at any time."""

    def __init__(self, table: Table, batch: int, seed: int, *, shuffle: bool = True) -> None:
        """Batches of `batch` rows of `table`; at least one must fit."""
        self._table = table
        self._batch = batch
        self._seed = seed
        self._shuffle = shuffle
        self._epoch = -1
        self._order: Rows = np.arange(table.size)
        self.position = 0

    @property
    def per_epoch(self) -> int:
        """Number of batches in an epoch."""
        return self._table.size // self._batch

    def next(self) -> Table:
        """The next batch."""
        rows = self.rows(self.position)
        self.position += 1
        return self._table.take(rows)

    def rows(self, position: int) -> Rows:
        """The rows of the table that are in batch number `position`."""
        epoch, number = divmod(position, self.per_epoch)
        if self._shuffle and epoch != self._epoch:
            self._order = epoch_order(self._table.size, self._seed, epoch)
            self._epoch = epoch
        return self._order[number * self._batch : (number + 1) * self._batch]


def in_order(table: Table, batch: int) -> Iterator[Table]:
    """All rows in order, `batch` at a time; the last batch may be smaller."""
    for start in range(0, table.size, batch):
        yield table.take(slice(start, min(start + batch, table.size)))
