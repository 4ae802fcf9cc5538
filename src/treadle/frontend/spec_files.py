"""Reading the text of a spec, and no more of a file than a spec may have.

Input: a path. Output: text with `\n` as its only line end. Non-goals: what the text means.
"""

from __future__ import annotations

from pathlib import Path

from treadle.errors import fail
from treadle.frontend.layout import MAX_CHARACTERS
from treadle.source import Span


def read_spec(path: Path, name: str, span: Span | None = None) -> str:
    """The text of a file; one character more than is allowed of a file that is too long.

    Raises:
        TreadleError: E1006 when it cannot be read or is no UTF-8 text.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            return stream.read(MAX_CHARACTERS + 1)
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL in it
        reason = getattr(error, "strerror", None) or str(error)
    fail("E1006", f"{name} cannot be read: {reason}", span)
