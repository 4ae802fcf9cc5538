"""Output goes wherever it is sent: to terminals and files, closed pipes, encodings without accents.

Input: the process's streams. Output: none. Non-goals: what is printed.
"""

import os
import sys
from typing import TextIO

EXIT_PIPE = 141  # what shells report of a program whose reader has gone


def coloured(stream: TextIO) -> bool:
    """Whether colours are wanted in this stream: https://no-color.org, https://force-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def write_any_character() -> None:
    """Characters that an encoding lacks are replaced, where printing them would raise."""
    for stream in (sys.stdout, sys.stderr):
        encoding = getattr(stream, "encoding", None) or "utf-8"
        if not encoding.lower().startswith("utf") and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def leave_pipe() -> int:
    """Sends what is still to be written nowhere, since nobody reads it; returns the exit code."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError):  # a stream that is no file has nothing to lose
            continue
    os.close(nowhere)
    return EXIT_PIPE
