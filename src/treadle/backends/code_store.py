"""Machine code on disk, addressed by the hash of everything that it was made from.

Input: a key that a backend made. Output: machine code, or None on a miss. An entry never goes stale, since
its key covers all that decides it; it can only be missing or damaged. The folder is `$TREADLE_CACHE_DIR`,
else `$NUMBA_CACHE_DIR/treadle`, else `$XDG_CACHE_HOME/treadle`, else `~/.cache/treadle`. Several processes
may use it at once: entries are written aside and renamed into place. Non-goals: making keys.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_DIGEST_BYTES = 32
SIZE_LIMIT = 256 * 1024 * 1024
"""Bytes that the folder may hold before the entries unused for longest are removed."""


def folder() -> Path:
    """Return the cache folder of this process (it need not exist yet)."""
    if chosen := os.environ.get("TREADLE_CACHE_DIR"):
        return Path(chosen)
    if numba := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(numba) / "treadle"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "treadle"


def read(key: str) -> bytes | None:
    """Return an entry's object code, or None if it is missing or damaged (then it is rebuilt)."""
    path = _path(key)
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, code = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if hashlib.sha256(code).digest() != digest:
        return None
    with contextlib.suppress(OSError):  # a read-only cache still serves, it only cannot note the use
        os.utime(path)
    return code


def write(key: str, code: bytes) -> None:
    """Store an entry; a folder that cannot be written costs only the next start's time."""
    path = _path(key)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(code).digest() + code)
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)
            raise


def prune(limit: int = SIZE_LIMIT) -> None:
    """Remove the entries unused for longest until the folder holds at most `limit` bytes."""
    entries = sorted(_entries(), key=lambda entry: entry[1].st_mtime, reverse=True)
    total = 0
    for path, status in entries:
        total += status.st_size
        if total > limit:
            path.unlink(missing_ok=True)


def _entries() -> Iterable[tuple[Path, os.stat_result]]:
    for path in folder().glob("*/*.o"):
        with contextlib.suppress(FileNotFoundError):  # another process may be pruning too
            yield path, path.stat()


def _path(key: str) -> Path:
    return folder() / key[:2] / f"{key}.o"
