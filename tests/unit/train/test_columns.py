"""Columns computed a few rows at a time equal those computed at once; graphs that mix rows are recognised."""

import numpy as np
import pytest

from treadle.frontend.load import load_text
from treadle.train.data import columns, rowwise
from treadle.train.data.folders import Folders
from treadle.train.feeds import load_feeds
from treadle.types import symbol

SPEC = """
model M {
  input x: f32[N, 2]
  param W: [2] = zeros
  output W * x
}
data D {
  train = circles(5000)
  x = COLUMN
}
train M on D {
  minimize mean(W * x)
  optimizer sgd(0.1)
  batch 4  steps 1
}
"""
COLUMNS = {
    "train.points / 2": True,
    "reshape(train.points, [-1, 1, 2])[:, 0, :]": True,
    "exp(train.points) - max(train.points, axis = 1, keepdims = true)": True,
    "train.points - mean(train.points, axis = 0)": False,
    "train.points / len(train.points)": False,
    "flip(train.points, axis = 0)": False,
    "train.points[::1]": True,
}


@pytest.mark.parametrize(("column", "rowwise_expected"), COLUMNS.items())
def test_rows_at_a_time_or_at_once(column, rowwise_expected, monkeypatch):
    seen = []

    def spy(graph, rows):
        seen.append(rowwise.is_rowwise(graph, rows))
        return seen[-1]

    checked = load_text(SPEC.replace("COLUMN", column))
    (plan,) = checked.trains.values()
    monkeypatch.setattr(columns, "is_rowwise", spy)
    parts = load_feeds(checked, plan, Folders(()))["train"].table.columns["x"]
    assert seen == [rowwise_expected]
    monkeypatch.setattr(columns, "is_rowwise", lambda _graph, _rows: False)
    whole = load_feeds(checked, plan, Folders(()))["train"].table.columns["x"]
    np.testing.assert_array_equal(parts, whole)


def test_symbol_of_rows_is_the_one_that_graphs_use():
    assert str(symbol(columns.ROWS)) == "N"
