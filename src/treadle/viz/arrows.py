"""The arrows of a picture: what goes from box to box, and which boxes belong together.

Input: a scene and its groups. Output: `Arrow`s between boxes that are numbered like the groups.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from treadle.viz.group import Group
from treadle.viz.picture import Arrow
from treadle.viz.scene import Kind, Part, Scene, Wire
from treadle.viz.style import Role

_SLOPES = {Part.BACKWARD: Role.BACKWARD, Part.SECOND: Role.SECOND}
_QUIET_KINDS = {Kind.INPUT, Kind.TAKEN}
_MOST_LABELS = 3


def arrows(scene: Scene, groups: Sequence[Group], *, upward: bool) -> tuple[Arrow, ...]:
    """One arrow for all tensors of a role that go from one group to another, and the links.

    `upward` pictures have gradients beside the values; some arrows would disturb that, and are loose.
    """
    keys = {id(group): f"b{index}" for index, group in enumerate(groups)}
    targets = {keys[id(group)]: group for group in groups}
    quiet = {Role.LEAF} if scene.what == "kernels" else {Role.LEAF, Role.SAVED}
    found = [
        Arrow(tail, head, _joined(words), role, loose=_is_loose(role, targets[head], upward=upward))
        for (tail, head, role), words in _labels(groups, keys, quiet).items()
    ]
    homes = _homes(groups)
    pairs = [(homes[link.forward], homes[link.gradient]) for link in scene.links]
    found += [Arrow(keys[id(source)], keys[id(target)], "", role) for source, target, role in _links(pairs)]
    return tuple(found)


def _homes(groups: Sequence[Group]) -> dict[str, Group]:
    return {member.key: group for group in groups for member in group.members}


def _labels(
    groups: Sequence[Group], keys: dict[int, str], quiet: Collection[Role]
) -> dict[tuple[str, str, Role], list[str]]:
    """The words of the tensors from one group to another in one role."""
    homes = _homes(groups)
    labels: dict[tuple[str, str, Role], dict[str, None]] = {}
    for group in groups:
        for wire in (wire for member in group.members for wire in member.wires):
            source = homes[wire.source]
            if source is not group:
                role = _role(source, group, wire)
                words = labels.setdefault((keys[id(source)], keys[id(group)], role), {})
                words[_words(source, wire, quiet, role)] = None
    return {ends: [word for word in words if word] for ends, words in labels.items()}


def _words(source: Group, wire: Wire, quiet: Collection[Role], role: Role) -> str:
    """What a tensor is, where the box that it leaves does not tell it."""
    return "" if role in quiet or source.kind in _QUIET_KINDS else wire.label


def _is_loose(role: Role, target: Group, *, upward: bool) -> bool:
    inner = role is Role.SECOND and target.kind is not Kind.GRADIENT
    return role is Role.FEEDBACK or (upward and (role is Role.SAVED or inner))


def _joined(words: list[str]) -> str:
    left_out = len(words) - _MOST_LABELS
    return "\n".join(words if left_out <= 0 else [*words[:_MOST_LABELS], f"and {left_out} more"])


def _links(pairs: Sequence[tuple[Group, Group]]) -> list[tuple[Group, Group, Role]]:
    """One link from each group to where most of its gradient is; second gradients only stand in its row."""
    counts = Counter((id(source), id(target)) for source, target in pairs)
    groups = {id(one): one for pair in pairs for one in pair}
    drawn: set[int] = set()
    found = []
    for (source, target), _ in counts.most_common():
        is_second = groups[target].part is Part.SECOND
        if is_second or source not in drawn:
            found.append((groups[source], groups[target], Role.ASIDE if is_second else Role.LINK))
            drawn |= set() if is_second else {source}
    return found


def _role(source: Group, target: Group, wire: Wire) -> Role:
    if wire.feedback:
        return Role.FEEDBACK
    if target.part in _SLOPES:
        return _SLOPES[target.part] if source.part in _SLOPES else Role.SAVED
    return Role.LEAF if source.kind in {Kind.PARAM, Kind.STATE} else Role.FORWARD
