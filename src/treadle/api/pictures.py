"""Pictures of a spec in a notebook.

Input: a checked spec and what to show. Output: an object that notebooks show, and that can be written to a
file. Graphviz draws it where it is installed; else it is the interactive page, which needs nothing.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path

from treadle.driver import Program
from treadle.viz import Drawing, Wish, draw, picture_bytes

_HEIGHT = 560  # of an interactive page in a notebook, in pixels


@dataclass(frozen=True)
class Picture:
    """A picture of a program; `save` writes it, a notebook shows it."""

    program: Program
    wish: Wish

    def save(self, path: str | Path, *, overwrite: bool = False) -> Drawing:
        """Writes a .svg, .png, .pdf, .dot or .html file.

        Raises:
            TreadleError: E1010 for another ending, E1004 for an existing file, E1002 without Graphviz.
        """
        return draw(self.program, path, self.wish, overwrite=overwrite)

    @cached_property
    def svg(self) -> str:
        """The picture as SVG.

        Raises:
            TreadleError: E1002 without Graphviz.
        """
        return picture_bytes(self.program, "svg", self.wish)[0].decode()

    @cached_property
    def html(self) -> str:
        """The picture as one interactive page."""
        return picture_bytes(self.program, "html", self.wish)[0].decode()

    def _repr_mimebundle_(self, **_wanted: object) -> dict[str, str]:
        """What a notebook shows."""
        if shutil.which("dot") or self.wish.what == "memory":
            return {"image/svg+xml": self.svg, "text/plain": repr(self)}
        style = f"width:100%;height:{_HEIGHT}px;border:0"
        frame = f'<iframe srcdoc="{escape(self.html)}" style="{style}"></iframe>'
        return {"text/html": frame, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<Picture of {self.program.graph.name}, {self.wish.what}>"
