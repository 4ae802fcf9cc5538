"""Runs Graphviz's `dot` program: dot text in, a picture out, always within a bounded time.

Input: dot text and a format. Output: the bytes of the picture, and what was given up to get it in time.
Non-goals: writing files.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from treadle.errors import Diagnostic, TreadleError, fail
from treadle.viz.mirror import mirrored

INSTALL_HINT = (
    "install it with `sudo apt install graphviz` (Debian, Ubuntu), `sudo dnf install graphviz` (Fedora) or "
    "`brew install graphviz` (macOS), or write a .html or .dot file, which needs nothing"
)
_HURRIED = ("-Gnslimit=1", "-Gnslimit1=1", "-Gmclimit=0.1")
SMALLER_HINT = "fold layers with `--depth 1`, or write a .dot file and lay it out with another program"


@dataclass(frozen=True)
class Layout:
    """One way to lay a picture out: its words, options of Graphviz, and what dot text it wants."""

    words: str
    options: tuple[str, ...]
    beside: bool = True
    clusters: bool = True
    patience: float = 1.0


LAYOUTS = (
    Layout("curved arrows", ("-Gsplines=spline",)),
    Layout("parameters above their readers", ("-Gsplines=spline",), beside=False),
    Layout("bent arrows", ("-Gsplines=polyline", "-Gnslimit=4"), beside=False),
    Layout("straight arrows", ("-Gsplines=line", *_HURRIED), beside=False),
    Layout("straight arrows and no frames", ("-Gsplines=line", *_HURRIED), False, False, 3.0),
)
_FIRST_OF_LARGE = 3


@dataclass(frozen=True)
class Rendered:
    """A laid-out picture; `note` says what was given up, if anything."""

    content: bytes
    note: str


def render(
    text_for: Callable[[Layout], str],
    image_format: str,
    *,
    columns: Sequence[str] = (),
    large: bool = False,
    seconds: float = 12.0,
) -> Rendered:
    """Lays the picture out, more plainly after a failure or when `seconds` have passed.

    Args:
        text_for: the picture in the dot language, as a layout wants it.
        image_format: svg, png or pdf.
        columns: boxes that are to stand from left to right.
        large: whether to begin with a plain layout, because others would hardly be done in time.
        seconds: the most that one attempt may take; the last one may take three times as long.

    Raises:
        TreadleError: E1002 when Graphviz is not installed, E1013 when no attempt succeeded.
    """
    program = shutil.which("dot")
    if program is None:
        message = f"a {image_format} picture needs Graphviz, and no program `dot` was found"
        fail("E1002", message, hint=INSTALL_HINT)
    problems = ["the picture is large"] if large else []
    for layout in LAYOUTS[_FIRST_OF_LARGE:] if large else LAYOUTS:
        limit = seconds * layout.patience
        command = [program, f"-T{'dot' if columns else image_format}", *layout.options]
        content, problem = _attempt(command, text_for(layout), limit)
        if not problem and columns:
            turned = mirrored(content.decode(), columns)
            content, problem = _attempt([program, "-Kneato", "-n2", f"-T{image_format}"], turned, limit)
        if not problem:
            return Rendered(content, f"drawn with {layout.words}, because {problems[-1]}" if problems else "")
        problems.append(f"Graphviz with {layout.words} {problem}")
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
