"""A picture before layout: boxes with their words, arrows with theirs, boxes filed under layers.

Input: groups of elements. Output: a `Picture`. Non-goals: dot syntax (`dot`), grouping (`group`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from treadle.viz.group import Group
from treadle.viz.labels import grouped
from treadle.viz.scene import LOOP_MARK, Element, Path, Wire
from treadle.viz.style import Kind, Role

_OPS_PER_LINE = 3
_MOST_WORDS = 9
_SILENT = {"reshape", "broadcast_to", "transpose"}  # the types on the arrows tell as much


@dataclass(frozen=True)
class Box:
    """One drawn node."""

    key: str
    kind: Kind
    label: str
    path: Path
    backward: bool
    tip: str


@dataclass(frozen=True)
class Arrow:
    """One drawn edge between boxes."""

    tail: str
    head: str
    label: str
    role: Role


@dataclass(frozen=True)
class Picture:
    """Everything to lay out, in a fixed order."""

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def compose(title: str, groups: list[Group]) -> Picture:
    """The picture of groups: one box each, one arrow for each tensor that goes from one to another."""
    keys = {id(group): f"b{index}" for index, group in enumerate(groups)}
    homes = {member.key: group for group in groups for member in group.members}
    boxes = tuple(_box(keys[id(group)], group) for group in groups)
    arrows: dict[Arrow, None] = {}
    for group in groups:
        for member in group.members:
            for wire in member.wires:
                source = homes[wire.source]
                if source is not group:
                    arrows[_arrow(source, group, wire, keys)] = None
    return Picture(title, boxes, tuple(arrows))


def _box(key: str, group: Group) -> Box:
    label = _layer_label(group) if group.folded else _chain_label(group.members)
    path = group.path[:-1] if group.folded else group.path
    tips = dict.fromkeys(member.tip for member in group.members)
    return Box(key, group.kind, label, path, group.backward, "\n".join(list(tips)[:8]))


def _chain_label(members: list[Element]) -> str:
    if len(members) == 1 or members[0].kind in {Kind.PARAM, Kind.GRADIENT}:
        return "\n".join(_at_most([member.label for member in members]))
    counts = Counter(member.label for member in members if member.label not in _SILENT)
    words = [f"{label} (×{n})" if n > 1 else label for label, n in counts.items()]
    words = _at_most(words) or [members[-1].label]
    lines = [", ".join(words[i : i + _OPS_PER_LINE]) for i in range(0, len(words), _OPS_PER_LINE)]
    return ",\n".join(lines)


def _at_most(words: list[str]) -> list[str]:
    """The words, the last ones counted only where they are many."""
    left_out = len(words) - _MOST_WORDS + 1
    return words if left_out < 2 else [*words[: _MOST_WORDS - 1], f"and {left_out} more"]


def _layer_label(group: Group) -> str:
    name = group.path[-1].partition(LOOP_MARK)[0] if group.path else "everything"
    count = sum(member.size for member in group.members)
    ops = sum(member.kind not in {Kind.PARAM, Kind.STATE} for member in group.members)
    lines = [f"gradient of {name}" if group.backward else name]
    if count:
        lines.append(f"{grouped(count)} parameters")
    if ops > 1:
        lines.append(f"{ops} ops")
    return "\n".join(lines)


def _arrow(source: Group, target: Group, wire: Wire, keys: dict[int, str]) -> Arrow:
    role = _role(source, target, wire)
    label = "" if role in {Role.LEAF, Role.SAVED} or source.kind is Kind.INPUT else wire.label
    return Arrow(keys[id(source)], keys[id(target)], label, role)


def _role(source: Group, target: Group, wire: Wire) -> Role:
    if wire.feedback:
        return Role.FEEDBACK
    if target.backward:
        return Role.BACKWARD if source.backward else Role.SAVED
    return Role.LEAF if source.kind in {Kind.PARAM, Kind.STATE} else Role.FORWARD
