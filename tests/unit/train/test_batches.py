"""Batches depend on seed and epoch alone, cover an epoch without repetition and can be returned to."""

import numpy as np

from treadle.train.data.batches import BatchStream, in_order
from treadle.train.data.table import Table


def numbers(count):
    return Table({"x": np.arange(count)})


def drawn(stream, count):
    return [stream.next().columns["x"].tolist() for _ in range(count)]


def test_an_epoch_has_no_row_twice_and_drops_the_rest():
    stream = BatchStream(numbers(10), 3, seed=1)
    assert stream.per_epoch == 3
    rows = [row for batch in drawn(stream, 3) for row in batch]
    assert len(set(rows)) == 9


def test_epochs_differ_and_seeds_differ():
    first, second = (drawn(BatchStream(numbers(50), 50, seed), 2) for seed in (1, 2))
    assert first[0] != first[1]
    assert first != second


def test_a_stream_continues_from_any_position():
    whole = drawn(BatchStream(numbers(20), 3, seed=4), 15)
    resumed = BatchStream(numbers(20), 3, seed=4)
    resumed.position = 8
    assert drawn(resumed, 7) == whole[8:]


def test_evaluation_sees_every_row_once():
    batches = [batch.columns["x"].tolist() for batch in in_order(numbers(7), 3)]
    assert batches == [[0, 1, 2], [3, 4, 5], [6]]
