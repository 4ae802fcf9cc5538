"""Where data files are searched: `--data DIR`, `$TREADLE_DATA`, the spec's folder, `./data`, in this order.

A spec names files relative to these folders and cannot reach outside them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NoReturn

from treadle.errors import did_you_mean, fail
from treadle.source import Span

ENVIRONMENT_VARIABLE = "TREADLE_DATA"


@dataclass(frozen=True)
class Folders:
    """The folders to search, in order."""

    paths: tuple[Path, ...]

    @staticmethod
    def around(spec: Path | None, option: Path | None = None) -> Folders:
        """The search order for a spec file and the value of `--data`."""
        variable = os.environ.get(ENVIRONMENT_VARIABLE)
        found = [
            *([option] if option else []),
            *([Path(variable)] if variable else []),
            *([spec.parent] if spec else []),
            Path("data"),
        ]
        return Folders(tuple(dict.fromkeys(found)))

    def find(self, name: str, expected: str, span: Span | None) -> Path:
        """The first file of this name.

        Raises:
            TreadleError: E0710 for a path that leaves the folders, E0701 when no folder has the file.
        """
        _refuse_outside(name, span)
        found = next((folder / name for folder in self.paths if _is_file(folder / name)), None)
        return found or self._refuse_missing(name, expected, span)

    def _refuse_missing(self, name: str, expected: str, span: Span | None) -> NoReturn:
        searched = ", ".join(str(path) for path in self.paths)
        fail(
            "E0701",
            f"data file `{name}` was not found; searched {searched}; expected {expected}",
            span,
            hint=did_you_mean(name, self._siblings(name)) or "name the folder with `--data DIR`",
        )

    def _siblings(self, name: str) -> Iterable[str]:
        parent = PurePosixPath(name).parent
        for folder in self.paths:
            with suppress(OSError):  # no such folder, or one that may not be read: it has no suggestions
                yield from sorted(str(parent / entry.name) for entry in (folder / parent).iterdir())[:1000]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name longer than the system's names, a folder that may not be searched
        return False


def _refuse_outside(name: str, span: Span | None) -> None:
    path = PurePosixPath(name)
    if not name or "\0" in name or path.is_absolute() or ".." in path.parts:
        fail(
            "E0710",
            f"data file `{name}` is outside the data folders; expected a path relative to one of them",
            span,
            hint=f"give the folder with `--data DIR` or ${ENVIRONMENT_VARIABLE}",
        )
