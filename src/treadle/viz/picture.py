"""A picture before layout: boxes with their words, arrows with theirs, boxes filed under layers.

Made by `compose`. Non-goals: dot syntax (`dot`).
"""

from __future__ import annotations

from dataclasses import dataclass

from treadle.viz.scene import Kind, Part, Path
from treadle.viz.style import Role


@dataclass(frozen=True)
class Box:
    """One drawn node."""

    key: str
    kind: Kind
    label: str
    path: Path
    part: Part
    tip: str


@dataclass(frozen=True)
class Arrow:
    """One drawn edge between boxes; a loose one has no say in the layout."""

    tail: str
    head: str
    label: str
    role: Role
    loose: bool = False


@dataclass(frozen=True)
class Picture:
    """Everything to lay out, in a fixed order.

    `caption` is the line below the title; `columns` names the uppermost box of each column, where there are
    several; in `upward` pictures gradients point back to where the values come from.
    """

    title: str
    caption: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    upward: bool = False
    columns: tuple[str, ...] = ()

    def ends(self, arrow: Arrow) -> tuple[str, str]:
        """The upper and the lower end of an arrow; those of gradients point upwards in upward pictures."""
        is_reversed = self.upward and arrow.role is Role.BACKWARD
        return (arrow.head, arrow.tail) if is_reversed else (arrow.tail, arrow.head)

    @property
    def roles(self) -> set[Role]:
        return {arrow.role for arrow in self.arrows}
