"""Run folders: everything needed to repeat, continue and judge a training.

`runs/<spec>-<date>-<n>/` holds `spec/` (the spec and the files it uses), `resolved.tdl` (all of it in one),
`run.json` (versions, machine, seed, options), `status.json` (how it ended), the files of `metric_files`,
`curve.png` and `curve.svg`, `best.safetensors`, `last.safetensors` and `checkpoints/`, each checkpoint with
its JSON. Nothing existing is overwritten. Non-goals: what is in a checkpoint.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from treadle.errors import TreadleError, did_you_mean, fail
from treadle.frontend.program import Module
from treadle.train.environment import hardware, versions
from treadle.train.files import write_atomically
from treadle.train.json_files import read_json
from treadle.train.metric_files import METRICS, TIMES, Row, read_rows, write_rows, write_times

SPEC_FOLDER = "spec"
RESOLVED = "resolved.tdl"
_FACTS, _STATUS, _LOCK = "run.json", "status.json", ".lock"
_SNAPSHOTS = "checkpoints"
_SNAPSHOT = re.compile(r"step-(\d{8,})\.safetensors")


class RunFolder:
    """One run's files."""

    def __init__(self, path: Path) -> None:
        """A run folder that exists."""
        self.path = path
        self._lock: int | None = None  # the number of the lock's file while this process holds it

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

    def snapshot(self, step: int) -> Path:
        """The path of the checkpoint that is kept of a step."""
        return self.path / _SNAPSHOTS / f"step-{step:08}.safetensors"

    def snapshots(self) -> dict[int, Path]:
        """The checkpoints that are kept, by step, in order."""
        found = {}
        for path in (self.path / _SNAPSHOTS).glob("step-*.safetensors"):
            match = _SNAPSHOT.fullmatch(path.name)
            if match:
                found[int(match[1])] = path
        return dict(sorted(found.items()))

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other processes from training in the folder; ends with the process, however that ends.

        Raises:
            TreadleError: E0810 when another process does already, E0808 when the folder cannot be written.
        """
        try:
            stream = (self.path / _LOCK).open("w")
        except OSError as error:
            fail("E0808", f"{self.path / _LOCK} cannot be written: {error.strerror}")
        with stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                fail("E0810", f"another process is training in {self.path}", hint="wait for it, or end it")
            self._lock = os.fstat(stream.fileno()).st_ino
            try:
                yield
            finally:
                self._lock = None

    def refuse_if_lost(self) -> None:
        """Stops a training whose folder somebody has removed meanwhile, before it fills a new one by halves.

        Raises:
            TreadleError: E0808 when the lock that was taken is gone.
        """
        if self._lock is None:
            return
        path = self.path / _LOCK
        if not path.is_file() or path.stat().st_ino != self._lock:
            fail("E0808", f"run folder {self.path} was removed or replaced while the training was going on")

    def is_locked(self) -> bool:
        """Whether a process is training in the folder."""
        path = self.path / _LOCK
        if not path.is_file():
            return False
        with path.open("r") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def write_facts(self, facts: Mapping[str, Any]) -> None:
        """Writes `run.json`: the facts, and what the run is made with."""
        device = str(facts.get("device", "cpu"))
        content = {**facts, "versions": versions(device), "hardware": hardware(device), "started": _now()}
        write_atomically(self.path / _FACTS, json.dumps(content, indent=2, sort_keys=True).encode() + b"\n")

    def write_status(self, state: str, **facts: Any) -> None:
        """Writes `status.json`: how the training stands or ended."""
        content = {"state": state, **facts, "at": _now()}
        write_atomically(self.path / _STATUS, json.dumps(content, indent=2).encode() + b"\n")

    def read_status(self) -> dict[str, Any]:
        """Reads `status.json`; nothing when there is none.

        Raises:
            TreadleError: E0802 when it is damaged.
        """
        path = self.path / _STATUS
        return read_json(path) if path.is_file() else {}

    @contextlib.contextmanager
    def recorded(self) -> Iterator[None]:
        """Writes down that a training is running, and when it ends in an error. The folder is locked."""
        self.write_status("running")
        try:
            yield
        except TreadleError as error:
            with contextlib.suppress(TreadleError):  # a full disk; the error itself matters more
                self.write_status("failed", error=error.headlines)
            raise

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

    def write_resolved(self, text: str) -> None:
        """Writes the spec as one text that needs no other file."""
        write_atomically(self.path / RESOLVED, text.encode())

    def write_metrics(self, rows: Sequence[Row], times: Sequence[Row] = ()) -> None:
        """Writes the tables of metrics and times."""
        write_rows(self.path, rows)
        if times:
            write_times(self.path, times)

    def read_metrics(self) -> list[Row]:
        """The rows of `metrics.csv`; none when there is no such file.

        Raises:
            TreadleError: E0802 for a damaged file.
        """
        return read_rows(self.path / METRICS)

    def read_times(self) -> list[Row]:
        """The rows of `times.csv`; none when there is no such file.

        Raises:
            TreadleError: E0802 for a damaged file.
        """
        return read_rows(self.path / TIMES)


def resumed(path: Path) -> tuple[RunFolder, Path | None]:
    """The run that a path goes on with, and where: a folder from its end, a checkpoint in one from there.

    Raises:
        TreadleError: E0801 when there is neither, E0809 for weights that no training can go on from.
    """
    if path.is_dir():
        return RunFolder(path), None
    if not path.is_file():
        near = sorted(map(str, path.parent.iterdir())) if path.parent.is_dir() else []
        meant = (
            f"did you mean `runs/{path}`?" if Path("runs", path).exists() else did_you_mean(str(path), near)
        )
        fail("E0801", f"{path} was not found", hint=meant)
    folder = RunFolder(path.parent.parent if path.parent.name == _SNAPSHOTS else path.parent)
    if path in {folder.checkpoint("last"), *folder.snapshots().values()}:
        return folder, None if path == folder.checkpoint("last") else path
    fail(
        "E0809",
        f"no training goes on from {path}",
        hint=f"`--resume` takes a run folder, or a file `{_SNAPSHOTS}/step-...` in one; "
        "`--weights` begins a new run with any weights",
    )


def spec_files(module: Module) -> dict[str, str]:
    """The texts of a spec and of the files it uses, by path relative to the spec's folder."""
    root = Path(module.source.name).parent
    files, waiting = {}, [module]
    while waiting:
        one = waiting.pop()
        files[os.path.relpath(one.source.name, root)] = one.source.text
        waiting += [*one.merged, *one.aliased.values()]
    return files


def _now() -> str:
    return datetime.datetime.now(tz=datetime.UTC).astimezone().isoformat(timespec="seconds")


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
