"""Pictures as text in Graphviz's dot language; the one home of pydot.

Input: a `Picture`. Output: dot text, the same for the same picture. Non-goals: running Graphviz (`graphviz`).

Arrows of the backward part are written from head to tail and drawn back to front, so that the layout puts the
gradients of a layer beside the layer.
"""

from __future__ import annotations

import re
from itertools import pairwise

import pydot

from treadle.viz.picture import Arrow, Box, Picture
from treadle.viz.scene import LOOP_MARK, Path
from treadle.viz.style import (
    CLUSTER,
    EDGE,
    GRAPH,
    LOOP_CLUSTER,
    NODE,
    Kind,
    Role,
    arrow_attributes,
    box_attributes,
)

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def picture_to_dot(picture: Picture) -> str:
    """The picture as dot text."""
    dot = pydot.Dot("treadle", graph_type="digraph", **_quoted({**GRAPH, "label": picture.title}))
    dot.set_node_defaults(**_quoted(NODE))
    dot.set_edge_defaults(**_quoted(EDGE))
    clusters = _Clusters(dot)
    for box in picture.boxes:
        clusters.of(box.path).add_node(_node(box))
    clusters.file()
    for arrow in picture.arrows:
        dot.add_edge(_edge(arrow))
    dot.add_subgraph(_legend(picture))
    return str(dot.to_string())


def quoted(text: str) -> str:
    """A dot string that shows exactly `text`, whatever is in it; unprintable characters become U+FFFD."""
    clean = _UNPRINTABLE.sub("\ufffd", text)
    escaped = clean.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\t", " ") + '"'


class _Clusters:
    """Nested boxes around layers and loops, made when first needed."""

    def __init__(self, dot: pydot.Dot) -> None:
        self._dot = dot
        self._made: dict[Path, pydot.Cluster] = {}

    def of(self, path: Path) -> pydot.Graph:
        if not path:
            return self._dot
        if path not in self._made:
            self.of(path[:-1])
            label, is_loop, _ = path[-1].partition(LOOP_MARK)
            attributes = {**(LOOP_CLUSTER if is_loop else CLUSTER), "label": label}
            self._made[path] = pydot.Cluster(str(len(self._made)), **_quoted(attributes))
        return self._made[path]

    def file(self) -> None:
        """Puts each cluster into its parent; only now, because pydot copies nothing that comes later."""
        for path, cluster in reversed(self._made.items()):
            self.of(path[:-1]).add_subgraph(cluster)


def _quoted(attributes: dict[str, str]) -> dict[str, str]:
    return {name: quoted(value) for name, value in attributes.items()}


def _node(box: Box) -> pydot.Node:
    attributes = {**box_attributes(box.kind, backward=box.backward), "label": box.label, "tooltip": box.tip}
    return pydot.Node(box.key, **_quoted(attributes))


def _edge(arrow: Arrow) -> pydot.Edge:
    attributes = arrow_attributes(arrow.role, arrow.label)
    if arrow.role is Role.BACKWARD:
        return pydot.Edge(arrow.head, arrow.tail, **_quoted({**attributes, "dir": "back"}))
    return pydot.Edge(arrow.tail, arrow.head, **_quoted(attributes))


def _legend(picture: Picture) -> pydot.Cluster:
    """A column that explains the shapes and arrows in use, and no others."""
    legend = pydot.Cluster("legend", **_quoted({**CLUSTER, "label": "legend"}))
    used = {(box.kind, box.backward) for box in picture.boxes}
    kinds = [(kind, (kind, False) not in used) for kind in Kind if {(kind, False), (kind, True)} & used]
    rows = [f"legend{index}" for index in range(len(kinds))]
    for row, (kind, backward) in zip(rows, kinds, strict=True):
        attributes = {**box_attributes(kind, backward=backward), "label": kind.value, "fontsize": "8"}
        legend.add_node(pydot.Node(row, **_quoted(attributes)))
    for above, below in pairwise(rows):
        legend.add_edge(pydot.Edge(above, below, style="invis"))
    _add_arrows(legend, picture, rows[-1:])
    return legend


def _add_arrows(legend: pydot.Cluster, picture: Picture, above: list[str]) -> None:
    roles = [
        role for role in Role if role is not Role.LEAF and any(arrow.role is role for arrow in picture.arrows)
    ]
    for role in roles:
        start, end = f"legend_{role.name.lower()}", f"legend_{role.name.lower()}_end"
        for name in (start, end):
            legend.add_node(pydot.Node(name, shape="point", width='"0.04"'))
        for previous in above:
            legend.add_edge(pydot.Edge(previous, start, style="invis"))
        attributes = {**arrow_attributes(role, role.value), "constraint": "true"}
        legend.add_edge(pydot.Edge(start, end, **_quoted(attributes)))
        above = [end]
