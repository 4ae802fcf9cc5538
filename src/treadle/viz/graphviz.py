"""Runs Graphviz's `dot` program: dot text in, a picture out, always within a bounded time.

Input: dot text and a format. Output: the bytes of the picture, and what was given up to get it in time.
Non-goals: writing files.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass

from treadle.errors import Diagnostic, TreadleError, fail

INSTALL_HINT = (
    "install it with `sudo apt install graphviz` (Debian, Ubuntu), `sudo dnf install graphviz` (Fedora) or "
    "`brew install graphviz` (macOS), or write a .dot file, which needs nothing"
)
ATTEMPTS: tuple[tuple[str, tuple[str, ...], bool], ...] = (  # words, options, leaves beside their readers
    ("curved arrows", ("-Gsplines=spline",), True),
    ("parameters above their readers", ("-Gsplines=spline",), False),
    ("bent arrows", ("-Gsplines=polyline", "-Gnslimit=4"), False),
    ("straight arrows", ("-Gsplines=line", "-Gnslimit=1", "-Gnslimit1=1", "-Gmclimit=0.1"), False),
)
SMALLER_HINT = "fold layers with `--depth 1`, or write a .dot file and lay it out with another program"


@dataclass(frozen=True)
class Rendered:
    """A laid-out picture; `note` says what was given up, if anything."""

    content: bytes
    note: str


def render(dot_text: str, image_format: str, *, large: bool = False, seconds: float = 20.0) -> Rendered:
    """Lays the picture out, more plainly after a failure or when `seconds` have passed.

    Args:
        dot_text: the picture in the dot language.
        image_format: svg, png or pdf.
        large: whether to begin with the plainest layout, because others would hardly be done in time.
        seconds: the most that one attempt may take; the last one may take three times as long.

    Raises:
        TreadleError: E1002 when Graphviz is not installed, E1013 when no attempt succeeded.
    """
    program = shutil.which("dot")
    if program is None:
        fail(
            "E1002",
            f"a {image_format} picture needs Graphviz, and no program `dot` was found",
            hint=INSTALL_HINT,
        )
    problems = ["the picture is large"] if large else []
    for name, options, beside in ATTEMPTS[-1:] if large else ATTEMPTS:
        text = dot_text if beside else dot_text.replace('minlen="0"', 'minlen="1"')
        content, problem = _attempt(
            [program, f"-T{image_format}", *options], text, seconds * (3 if name == ATTEMPTS[-1][0] else 1)
        )
        if not problem:
            return Rendered(content, f"drawn with {name}, because {problems[-1]}" if problems else "")
        problems.append(f"Graphviz with {name} {problem}")
    raise TreadleError([Diagnostic("E1013", "; ".join(problems), hint=SMALLER_HINT)])


def _attempt(command: list[str], dot_text: str, seconds: float) -> tuple[bytes, str]:
    """The picture, or empty bytes and what went wrong."""
    try:
        done = subprocess.run(  # noqa: S603 - the program found on the path, options from the table above
            command, input=dot_text.encode(), capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return b"", f"was not done after {seconds:g} s"
    except OSError as error:
        return b"", f"could not be started: {error}"
    if done.returncode != 0 or not done.stdout:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        return b"", f"failed ({words[0] if words else f'exit code {done.returncode}'})"
    return done.stdout, ""
