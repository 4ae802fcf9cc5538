"""One view of the page: a scene as numbers and words that the scripts lay out.

Input: a scene. Output: nodes, clusters that nest, and wires. Non-goals: coordinates, which the page computes,
because they change with what is open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from treadle.ops import REGISTRY
from treadle.viz.compose import compose
from treadle.viz.folding import Folding
from treadle.viz.formulas import operand_names
from treadle.viz.group import Group, group
from treadle.viz.html.facts import Facts
from treadle.viz.picture import Box
from treadle.viz.scene import LOOP_MARK, Element, Kind, Part, Path, Scene, part_name

IsOpen = Callable[[Path], bool]
Json = dict[str, Any]
PARTS = tuple(Part)
_TOP = -1


def view_of(scene: Scene, facts: Facts, is_open: IsOpen) -> Json:
    """The view of a scene.

    Args:
        scene: what there is to draw.
        facts: the tables that the details of nodes go to.
        is_open: whether a layer or loop is open at the start.
    """
    clusters = _Clusters(is_open)
    homes = _homes(scene, clusters)
    wires = _wires(scene)
    nodes = [
        _node(element, homes[element.key], wires[number], facts)
        for number, element in enumerate(scene.elements)
    ]
    return {"title": scene.title, "nodes": nodes, "clusters": clusters.described()}


def _homes(scene: Scene, clusters: _Clusters) -> dict[str, int]:
    """The innermost cluster of each element: its layer, or the chain of ops that it is in."""
    homes = {}
    for found in group(scene.elements, Folding()):
        own = clusters.of(found.path)
        if len(found.members) > 1:
            own = clusters.chain(own, found)
        for member in found.members:
            homes[member.key] = own
            clusters.enter(own, member)
    return homes


def _wires(scene: Scene) -> list[list[Json]]:
    """What enters each element, in the order of its operands."""
    alone = [Group(element.path, element.part, [element]) for element in scene.elements]
    wires: list[list[Json]] = [[] for _ in alone]
    for arrow in compose(scene, alone).arrows:
        tail, head = (int(key.removeprefix("b")) for key in (arrow.tail, arrow.head))
        wires[head].append({"from": tail, "label": arrow.label, "role": arrow.role.name.lower()})
    return wires


def _node(element: Element, home: int, wires: list[Json], facts: Facts) -> Json:
    node: Json = {
        "label": element.label,
        "kind": element.kind.name,
        "part": PARTS.index(element.part),
        "cluster": home,
        "wires": _named(element, wires),
    }
    if element.size:
        node["size"] = element.size
    if element.detail:
        node["detail"] = element.detail
    if len(element.nodes) == 1 and not element.key.startswith("end:"):
        return node | facts.about(element.nodes[0])
    places = facts.places(element.nodes)
    return node | ({"places": places} if places else {})


def _named(element: Element, wires: list[Json]) -> list[Json]:
    """Wires with the names of operands, where there is one for each operand."""
    own = [wire for wire in wires if wire["role"] not in {"link", "feedback"}]
    operands = element.nodes[0].inputs if len(element.nodes) == 1 else ()
    if not operands or len(operands) != len(own):
        return wires
    names = operand_names(REGISTRY[element.nodes[0].op], len(operands))
    for wire, name in zip(own, names, strict=True):
        wire["name"] = name
    return wires


@dataclass
class _Cluster:
    label: str
    words: str
    parent: int
    is_open: bool
    loop: bool = False
    chain: Group | None = None
    members: list[Element] = field(default_factory=list)


class _Clusters:
    """Layers, loops and chains, outer ones first."""

    def __init__(self, is_open: IsOpen) -> None:
        self._is_open = is_open
        self._all: list[_Cluster] = []
        self._by_path: dict[Path, int] = {}

    def of(self, path: Path) -> int:
        """The number of a layer or loop, made when first asked for."""
        if not path:
            return _TOP
        if path not in self._by_path:
            parent, loop = self.of(path[:-1]), LOOP_MARK in path[-1]
            words = "loop" if loop else "layer"
            made = _Cluster(part_name(path[-1]), words, parent, self._is_open(path), loop)
            self._by_path[path] = self._add(made)
        return self._by_path[path]

    def chain(self, parent: int, chain: Group) -> int:
        """The number of a new chain of ops."""
        return self._add(_Cluster("", "ops in one box", parent, is_open=False, chain=chain))

    def enter(self, number: int, element: Element) -> None:
        """Counts an element into its cluster and all around it."""
        while number != _TOP:
            self._all[number].members.append(element)
            number = self._all[number].parent

    def described(self) -> list[Json]:
        return [self._describe(cluster) for cluster in self._all]

    def _add(self, cluster: _Cluster) -> int:
        self._all.append(cluster)
        return len(self._all) - 1

    def _describe(self, cluster: _Cluster) -> Json:
        faces = {PARTS.index(part): _face(box) for part, box in self._boxes(cluster).items()}
        label = cluster.label or next(iter(faces.values()))["label"].split("\n")[0]
        shown: Json = {"label": label, "words": cluster.words, "parent": cluster.parent, "faces": faces}
        flags = {"open": cluster.is_open, "loop": cluster.loop, "chain": cluster.chain is not None}
        return shown | {name: True for name, value in flags.items() if value}

    def _boxes(self, cluster: _Cluster) -> dict[Part, Box]:
        """What a cluster looks like when it is closed: one box for each part; ends are not counted as ops."""
        if cluster.chain is not None:
            groups = [cluster.chain]
        else:
            parts: defaultdict[Part, list[Element]] = defaultdict(list)
            for member in cluster.members:
                parts[member.part].append(member)
            path = (cluster.label,)
            groups = [Group(path, part, _counted(members), folded=True) for part, members in parts.items()]
        return dict(zip((found.part for found in groups), _boxes_of(groups), strict=True))


def _counted(members: list[Element]) -> list[Element]:
    """The members without the ends of gradients, unless there is nothing else."""
    return [member for member in members if member.kind is not Kind.GRADIENT] or members


def _boxes_of(groups: Sequence[Group]) -> tuple[Box, ...]:
    """Boxes of groups on their own, without arrows."""
    bare = [_without_wires(found) for found in groups]
    return compose(Scene("", "forward", ()), bare).boxes


def _without_wires(found: Group) -> Group:
    members = [replace(member, wires=()) for member in found.members]
    return Group(found.path, found.part, members, found.folded)


def _face(box: Box) -> Json:
    return {"label": box.label, "kind": box.kind.name}
