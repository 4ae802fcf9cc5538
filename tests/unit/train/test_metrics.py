"""Means weigh examples, records know the better direction and ignore rounding noise and NaN."""

import math

import pytest

from treadle.train.metrics import Averages, Record, scalars


def test_means_are_weighted():
    averages = Averages()
    averages.add({"loss": 1.0}, 3)
    averages.add({"loss": 5.0}, 1)
    assert averages.means() == {"loss": 2.0}


def test_losses_and_metrics_among_outputs():
    assert scalars({"loss": 1, "metric:accuracy": 0.5, "output:p": [1, 2]}) == {"loss": 1.0, "accuracy": 0.5}


@pytest.mark.parametrize(("mode", "better", "worse"), [("min", 0.5, 2.0), ("max", 2.0, 0.5)])
def test_record(mode, better, worse):
    record = Record("m", mode)
    assert record.update({"m": 1.0})
    assert not record.update({"m": worse})
    assert not record.update({"m": math.nan})
    assert not record.update({"m": 1.0 + 1e-9})
    assert record.age == 3
    assert record.update({"m": better})
    assert (record.age, record.best) == (0, better)
