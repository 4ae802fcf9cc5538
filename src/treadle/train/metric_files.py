"""The metrics of a run as files: `metrics.csv` and `metrics.jsonl`, a row per epoch, and `times.csv`.

Values depend on the spec and its data alone, so that the same training gives the same bytes; what a clock
measures stands in a file of its own. Input and output: rows of values by name.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from treadle.errors import fail
from treadle.train.files import write_atomically

METRICS, LINES, TIMES = "metrics.csv", "metrics.jsonl", "times.csv"

Row = dict[str, float]

_COUNTS = ("epoch", "step")  # whole numbers


def write_rows(folder: Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Writes both files of metrics anew; columns are all names that occur in the rows.

    Raises:
        TreadleError: E0808 when they cannot be written.
    """
    write_atomically(folder / METRICS, _csv(rows))
    lines = (json.dumps({name: _plain(name, value) for name, value in row.items()}) for row in rows)
    write_atomically(folder / LINES, "".join(f"{line}\n" for line in lines).encode(), durable=False)


def write_times(folder: Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Writes how long the training had taken at the end of each epoch.

    Raises:
        TreadleError: E0808 when it cannot be written.
    """
    write_atomically(folder / TIMES, _csv(rows), durable=False)


def read_rows(path: Path) -> list[Row]:
    """The rows of a CSV file of numbers; none when there is no such file.

    Raises:
        TreadleError: E0802 for a damaged file.
    """
    if not path.is_file():
        return []
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            return [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(stream)]
    except (OSError, ValueError, TypeError, AttributeError, csv.Error) as error:
        fail("E0802", f"{path} is not a table of numbers: {error}")


def _csv(rows: Sequence[Mapping[str, float]]) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({n: int(v) if n in _COUNTS else v for n, v in row.items()} for row in rows)
    return stream.getvalue().encode()


def _plain(name: str, value: float) -> float | int | None:
    """JSON knows neither NaN nor infinities."""
    if not math.isfinite(value):
        return None
    return int(value) if name in _COUNTS else value
