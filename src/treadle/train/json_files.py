"""JSON from files that somebody else may have written: bounded, without repeated names, never too deep.

Input: text. Output: plain data. Non-goals: what the data mean.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from treadle.errors import fail

MAX_BYTES = 2**22


def parse_json(text: str | bytes) -> Any:
    """The data in a JSON text.

    Raises:
        ValueError: for text that is no JSON, that repeats a name in an object or is nested too deeply.
    """
    try:
        return json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError("its brackets are nested too deeply") from None


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file that belongs to a run.

    Raises:
        TreadleError: E0802 for a file that cannot be read, is too large, or holds anything else.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            fail("E0802", f"{path} has more than {MAX_BYTES:,} bytes")
        found = parse_json(content)
    except (OSError, ValueError) as error:
        fail("E0802", f"{path} cannot be read: {error}")
    if not isinstance(found, dict):
        fail("E0802", f"{path}: expected an object, found {type(found).__name__}")
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        repeated, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"it names `{repeated[:100]}` twice")
    return found
