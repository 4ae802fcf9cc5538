"""Strings of drawn digits: `digit_strings(10000, length = 12, shortest = 4)`.

Columns: `digits` i64[n, length], with 10 behind the end of shorter strings, and `lengths` i64[n]. The same
seed gives the same strings.
"""

from __future__ import annotations

import numpy as np

from treadle.train.data.request import Request
from treadle.train.data.splits import split_as_asked
from treadle.train.data.table import Splits, make_table

BEHIND = 10  # the number after the last digit of a short string


def load_digit_strings(request: Request) -> Splits:
    """`digit_strings(count, length, shortest, seed, test, validation, ...)`; all are long by default.

    Raises:
        TreadleError: E03xx and E0411 for wrong arguments, E0708 when a split would be empty.
    """
    count = request.integer("count", 10_000, low=1, high=1_000_000)
    length = request.integer("length", low=1, high=1000)
    shortest = request.integer("shortest", length, low=1, high=length)
    draw = np.random.default_rng(request.integer("seed", 0))
    lengths = draw.integers(shortest, length + 1, size=count)
    digits = draw.integers(10, size=(count, length))
    digits[np.arange(length) >= lengths[:, None]] = BEHIND
    return split_as_asked(
        make_table({"digits": digits, "lengths": lengths}, "`digit_strings`", request.span), request
    )
