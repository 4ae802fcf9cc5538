"""Run folders: everything needed to repeat, continue and judge a training.

`runs/<spec>-<date>-<n>/` holds `spec/` (the spec and the files it uses), `run.json` (versions, seed,
options), `metrics.csv` (one row per epoch), `curve.png`, `best.safetensors`, `last.safetensors`. Nothing
existing is overwritten.
"""

from __future__ import annotations

import csv
import datetime
import io
import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from treadle import __version__
from treadle.errors import fail
from treadle.frontend.program import Module
from treadle.train.files import write_atomically
from treadle.train.json_files import read_json

SPEC_FOLDER = "spec"
_FACTS = "run.json"
_METRICS = "metrics.csv"
_LIBRARIES = ("numpy", "numba", "llvmlite", "safetensors")


class RunFolder:
    """One run's files."""

    def __init__(self, path: Path) -> None:
        """A run folder that exists."""
        self.path = path

    @staticmethod
    def create(parent: Path, name: str) -> RunFolder:
        """A new folder `<name>-<date>-<n>` below `parent`, with the first free n.

        Raises:
            TreadleError: E0808 when it cannot be made.
        """
        today = datetime.datetime.now(tz=datetime.UTC).astimezone().strftime("%Y%m%d")
        number = 1
        while not _made(parent / f"{name}-{today}-{number}"):
            number += 1
        return RunFolder(parent / f"{name}-{today}-{number}")

    @staticmethod
    def create_at(path: Path) -> RunFolder:
        """A new folder of this very name.

        Raises:
            TreadleError: E0807 when it exists, E0808 when it cannot be made.
        """
        if not _made(path):
            fail("E0807", f"run folder {path} already exists", hint="choose another name, or use `--resume`")
        return RunFolder(path)

    def checkpoint(self, name: str) -> Path:
        """The path of the checkpoint `best` or `last`."""
        return self.path / f"{name}.safetensors"

    def write_facts(self, facts: Mapping[str, Any]) -> None:
        """Writes `run.json`: the facts and the versions of everything that computes."""
        content = {**facts, "versions": versions()}
        write_atomically(self.path / _FACTS, json.dumps(content, indent=2, sort_keys=True).encode() + b"\n")

    def read_facts(self) -> dict[str, Any]:
        """Reads `run.json`.

        Raises:
            TreadleError: E0801 when there is none, E0802 when it is damaged.
        """
        path = self.path / _FACTS
        if not path.is_file():
            fail("E0801", f"{self.path} is not a run folder: it holds no {_FACTS}")
        return read_json(path)

    def write_spec(self, files: Mapping[str, str]) -> None:
        """Writes copies of the spec and the files it uses, by relative path."""
        for name, text in files.items():
            path = self.path / SPEC_FOLDER / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text.encode())

    def write_metrics(self, rows: list[dict[str, float]]) -> None:
        """Writes `metrics.csv` anew; columns are all names that occur in the rows."""
        names = list(dict.fromkeys(name for row in rows for name in row))
        stream = io.StringIO()
        writer = csv.DictWriter(stream, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_atomically(self.path / _METRICS, stream.getvalue().encode())

    def read_metrics(self) -> list[dict[str, float]]:
        """The rows of `metrics.csv`; none when there is no such file."""
        path = self.path / _METRICS
        if not path.is_file():
            return []
        with path.open(newline="", encoding="utf-8") as stream:
            return [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(stream)]


def spec_files(module: Module) -> dict[str, str]:
    """The texts of a spec and of the files it uses, by path relative to the spec's folder."""
    root = Path(module.source.name).parent
    files, waiting = {}, [module]
    while waiting:
        one = waiting.pop()
        files[os.path.relpath(one.source.name, root)] = one.source.text
        waiting += [*one.merged, *one.aliased.values()]
    return files


def versions() -> dict[str, str]:
    """Versions of Treadle, Python and the libraries that compute."""
    found = {"treadle": __version__, "python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "not installed"
    return found


def _made(path: Path) -> bool:
    """Makes a folder that is not there yet; False when it is."""
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True)
        path.mkdir()
    except OSError as error:
        if isinstance(error, FileExistsError) and path.exists():
            return False
        fail("E0808", f"run folder {path} cannot be made: {error.strerror}")
    return True
