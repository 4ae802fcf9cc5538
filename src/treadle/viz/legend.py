"""What a legend explains: the kinds of boxes, borders and arrows that a picture uses, and no others.

Input: a `Picture`. Output: rows of entries. Non-goals: dot syntax (`dot`).
"""

from __future__ import annotations

from dataclasses import dataclass

from treadle.viz.picture import Picture
from treadle.viz.scene import Kind, Part
from treadle.viz.style import Role

_PER_ROW = 5
_SILENT = {Role.LEAF, Role.ASIDE}


@dataclass(frozen=True)
class Sample:
    """A box as an example of a kind or of a part."""

    label: str
    kind: Kind
    part: Part = Part.FORWARD


def legend_rows(picture: Picture) -> list[list[Sample | Role]]:
    """The entries in rows of about equal length: boxes first, then borders, then arrows."""
    entries: list[Sample | Role] = [*_kinds(picture), *_parts(picture), *_roles(picture)]
    count = -(-len(entries) // _PER_ROW) or 1
    length = -(-len(entries) // count)
    return [entries[start : start + length] for start in range(0, len(entries), length)]


def _kinds(picture: Picture) -> list[Sample]:
    used = {box.kind for box in picture.boxes}
    return [Sample(kind.value, kind) for kind in Kind if kind in used]


def _parts(picture: Picture) -> list[Sample]:
    """Borders are explained where there are several."""
    used = {box.part for box in picture.boxes}
    return [Sample(part.value, Kind.VIEW, part) for part in Part if part in used] if len(used) > 1 else []


def _roles(picture: Picture) -> list[Role]:
    """An arrow that carries a value needs no words where there is no other."""
    used = [role for role in Role if role in picture.roles and role not in _SILENT]
    return [] if used == [Role.FORWARD] else used
