"""Keeps the parser's tables between runs, because computing them takes longer than checking a spec.

Input: a key and plain data. Output: the data, on a later run, or None. The key covers all that the tables
are made from, so an entry never goes stale. Files are JSON in the folder `grammar` of the cache folder:
`$TREADLE_CACHE_DIR`, else `$XDG_CACHE_HOME/treadle`, else `~/.cache/treadle`. Non-goals: what the data means.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any


def key_of(*parts: str) -> str:
    """Return the key of what is made from `parts`."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def read(key: str) -> Any | None:
    """Return what was written under `key`; None when there is nothing or the file is damaged."""
    try:
        return json.loads(_path(key).read_text("utf-8"), object_hook=_with_integer_keys)
    except (OSError, ValueError):
        return None


def write(key: str, data: Any) -> None:
    """Write `data` under `key`, aside first and then renamed; without a writable folder nothing is kept."""
    path = _path(key)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            json.dump(data, file, separators=(",", ":"))
        os.replace(file.name, path)


def _path(key: str) -> Path:
    return folder() / "grammar" / f"{key}.json"


def folder() -> Path:
    """Return the cache folder, which need not exist."""
    if chosen := os.environ.get("TREADLE_CACHE_DIR"):
        return Path(chosen)
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(home) / "treadle"


def _with_integer_keys(found: dict[str, Any]) -> dict[int | str, Any]:
    """JSON writes integer keys as text."""
    return {int(key) if key.isdigit() else key: value for key, value in found.items()}
