"""From groups of elements to a picture: the words of each box, one arrow from box to box.

Input: a scene and its groups. Output: a `Picture`. Non-goals: grouping (`group`), dot syntax (`dot`).
"""

from __future__ import annotations

from collections import Counter

from treadle.viz.arrows import arrows
from treadle.viz.group import Group
from treadle.viz.labels import grouped
from treadle.viz.picture import Box, Picture
from treadle.viz.scene import Element, Kind, Part, Scene, part_name

_OPS_PER_LINE = 3
_MOST_WORDS = 9
_MOST_SLOPES = 5
_SILENT = {"reshape", "broadcast_to", "transpose"}  # the types on the arrows tell as much


_LAYER_WORDS = {
    Part.BACKWARD: "gradient of {}",
    Part.SECOND: "second gradient of {}",
    Part.UPDATE: "update of {}",
}


def compose(scene: Scene, groups: list[Group]) -> Picture:
    """The picture of groups: one box each, one arrow for all tensors that go from one to another."""
    boxes = tuple(
        _box(f"b{index}", group, "calls" if scene.what == "kernels" else "ops")
        for index, group in enumerate(groups)
    )
    upward = scene.what in {"joint", "second"}
    return Picture(scene.title, _caption(scene), boxes, arrows(scene, groups, upward=upward), upward)


def _caption(scene: Scene) -> str:
    is_whole = scene.what != "backward" and scene.parameters > 0
    count = [f"{grouped(scene.parameters)} parameters"] if is_whole else []
    return "; ".join([*count, *scene.notes])


def _box(key: str, group: Group, noun: str) -> Box:
    label = _layer_label(group, noun) if group.folded else _chain_label(group.members)
    path = group.path[:-1] if group.folded else group.path
    tips = dict.fromkeys(member.tip for member in group.members)
    return Box(key, group.kind, label, path, group.part, "\n".join(list(tips)[:8]))


def _chain_label(members: list[Element]) -> str:
    if len(members) == 1 or members[0].kind in {Kind.PARAM, Kind.GRADIENT}:
        most = _MOST_SLOPES if members[0].kind is Kind.GRADIENT else _MOST_WORDS
        return "\n".join(_at_most([member.label for member in members], most))
    counts = Counter(member.label for member in members if member.label not in _SILENT)
    words = [f"{label} (×{n})" if n > 1 else label for label, n in counts.items()]
    words = _at_most(words) or [members[-1].label]
    lines = [", ".join(words[i : i + _OPS_PER_LINE]) for i in range(0, len(words), _OPS_PER_LINE)]
    return ",\n".join(lines)


def _at_most(words: list[str], most: int = _MOST_WORDS) -> list[str]:
    """The words, the last ones counted only where they are many."""
    left_out = len(words) - most + 1
    return words if left_out < 2 else [*words[: most - 1], f"and {left_out} more"]


def _layer_label(group: Group, noun: str) -> str:
    name = part_name(group.path[-1])
    count = sum(member.size for member in group.members)
    ops = sum(member.kind not in {Kind.PARAM, Kind.STATE, Kind.TAKEN} for member in group.members)
    lines = [_LAYER_WORDS.get(group.part, "{}").format(name)]
    if count:
        lines.append(f"{grouped(count)} parameters")
    if ops > 1:
        lines.append(f"{ops} {noun}")
    return "\n".join(lines)
