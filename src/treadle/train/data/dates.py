"""Made-up dates as people write them, beside the same dates as computers do: `dates(20000, test = 0.1)`.

Columns: `source`, `target` i64[n, length], characters between a begin and an end mark, and their lengths
`source_lengths`, `target_lengths`: "march 3, 1998" and "1998-03-03". Both sides share the characters of
`SYMBOLS`. The same seed gives the same dates. Source: the usual first task for models from sequence to
sequence, as in Ng's course on sequence models.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from treadle.train.data.request import Request
from treadle.train.data.splits import split_as_asked
from treadle.train.data.table import Splits, make_table
from treadle.train.data.vocabulary import RESERVED, encode

CHARACTERS = " ,-./0123456789abcdefghijklmnopqrstuvwxyz"
SYMBOLS = [*RESERVED, *CHARACTERS]

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_FORMATS = (
    "{day} {month} {year}",
    "{month} {day}, {year}",
    "{day}. {short} {year}",
    "{short} {day} {year}",
    "{day}/{number}/{year}",
    "{day:02}.{number:02}.{year}",
    "{year} {month} {day}",
    "{day:02}-{short}-{year}",
)
_FIRST = date(1950, 1, 1)
_DAYS = 36_525  # a hundred years
_SOURCE_LENGTH, _TARGET_LENGTH = 20, 12


def load_dates(request: Request) -> Splits:
    """`dates(count, seed, test, validation, ...)`.

    Raises:
        TreadleError: E03xx for wrong arguments, E0708 when a split would be empty.
    """
    count = request.integer("count", 10_000, low=1, high=1_000_000)
    draw = np.random.default_rng(request.integer("seed", 0))
    days = [_FIRST + timedelta(days=int(day)) for day in draw.integers(_DAYS, size=count)]
    styles = draw.integers(len(_FORMATS), size=count)
    written = [write_date(day, int(style)) for day, style in zip(days, styles, strict=True)]
    source, source_lengths = encode(written, SYMBOLS, _SOURCE_LENGTH, marked=True)
    target, target_lengths = encode([day.isoformat() for day in days], SYMBOLS, _TARGET_LENGTH, marked=True)
    columns = {"source": source, "source_lengths": source_lengths}
    columns |= {"target": target, "target_lengths": target_lengths}
    return split_as_asked(make_table(columns, "`dates`", request.span), request)


def known_symbols(_request: Request) -> tuple[list[str], str]:
    """The characters by their numbers, and what stands between two."""
    return SYMBOLS, ""


def write_date(day: date, style: int) -> str:
    """A date in one of the styles of people."""
    month = _MONTHS[day.month - 1]
    return _FORMATS[style].format(day=day.day, month=month, short=month[:3], number=day.month, year=day.year)
