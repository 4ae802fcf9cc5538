"""Pictures as text in Graphviz's dot language; the one home of pydot.

Input: a `Picture`. Output: dot text, the same for the same picture. Non-goals: running Graphviz (`graphviz`).

In pictures of several parts, arrows of the backward part are written from head to tail and drawn back to
front, so that the layout puts the gradients of a layer beside the layer.
"""

from __future__ import annotations

import re
from itertools import pairwise

import pydot

from treadle.viz.legend import Sample, legend_rows
from treadle.viz.picture import Arrow, Box, Picture
from treadle.viz.scene import LOOP_MARK, Path
from treadle.viz.style import (
    CLUSTER,
    EDGE,
    FLAT,
    GRAPH,
    LEGEND,
    LOOP_CLUSTER,
    NODE,
    Role,
    arrow_attributes,
    box_attributes,
)

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

_UNSEEN = {"style": "invis"}


def picture_to_dot(picture: Picture, *, clusters: bool = True, beside: bool = True) -> str:
    """The picture as dot text.

    Args:
        picture: boxes and arrows.
        clusters: whether frames are drawn around layers.
        beside: whether parameters stand beside their readers, not above them.
    """
    dot = pydot.Dot("treadle", graph_type="digraph", **_quoted({**GRAPH, "label": _heading(picture)}))
    dot.set_node_defaults(**_quoted(NODE))
    dot.set_edge_defaults(**_quoted(EDGE))
    frames = _Clusters(dot)
    for box in picture.boxes:
        frames.of(box.path if clusters else ()).add_node(_node(box))
    frames.file()
    for arrow in picture.arrows:
        dot.add_edge(_edge(arrow, picture, beside=beside))
    _add_legend(dot, picture)
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


def _heading(picture: Picture) -> str:
    return f"{picture.title}\n{picture.caption}" if picture.caption else picture.title


def _node(box: Box) -> pydot.Node:
    attributes = {**box_attributes(box.kind, box.part), "label": box.label, "tooltip": box.tip}
    return pydot.Node(box.key, **_quoted(attributes))


def _edge(arrow: Arrow, picture: Picture, *, beside: bool) -> pydot.Edge:
    attributes = arrow_attributes(arrow.role, arrow.label)
    if not beside:
        attributes.pop("minlen", None)
    if arrow.loose:
        attributes["constraint"] = "false"
    upper, lower = picture.ends(arrow)
    if upper != arrow.tail:
        head = attributes.pop("arrowhead")
        attributes |= {"dir": "back", "arrowtail": head}
    return pydot.Edge(upper, lower, **_quoted(attributes))


def _add_legend(dot: pydot.Dot, picture: Picture) -> None:
    """Rows below everything, which unseen arrows from the lowest boxes keep there."""
    legend = pydot.Cluster("legend", **_quoted(LEGEND))
    middles = []
    for number, entries in enumerate(legend_rows(picture)):
        row = pydot.Subgraph(f"legend{number}", rank="same")
        ends = [_add_entry(row, f"legend{number}_{column}", entry) for column, entry in enumerate(entries)]
        for (_, left), (right, _) in pairwise(ends):
            row.add_edge(pydot.Edge(left, right, **_UNSEEN))
        legend.add_subgraph(row)
        middles.append(ends[len(ends) // 2][0])
    for above, below in pairwise(middles):
        legend.add_edge(pydot.Edge(above, below, **_UNSEEN))
    dot.add_subgraph(legend)
    for key in _lowest(picture):
        dot.add_edge(pydot.Edge(key, middles[0], **_UNSEEN))


def _add_entry(row: pydot.Subgraph, name: str, entry: Sample | Role) -> tuple[str, str]:
    """Adds a box, or an arrow from a point to its words; returns the names of the first and last node."""
    if isinstance(entry, Sample):
        attributes = {**box_attributes(entry.kind, entry.part), "label": entry.label, "fontsize": "9"}
        row.add_node(pydot.Node(name, **_quoted(attributes)))
        return name, name
    words = f"{name}_words"
    row.add_node(pydot.Node(name, shape="point", width='"0.04"'))
    row.add_node(pydot.Node(words, **_quoted({"shape": "plaintext", "label": entry.value, "fontsize": "9"})))
    attributes = {**arrow_attributes(entry), "minlen": "2"}
    attributes.pop("constraint", None)
    row.add_edge(pydot.Edge(name, words, **_quoted(attributes)))
    return name, words


def _lowest(picture: Picture) -> list[str]:
    """Boxes that no arrow of the layout leads on from."""
    beside = FLAT - {Role.LEAF}
    leading = (arrow for arrow in picture.arrows if not arrow.loose and arrow.role not in beside)
    above = {picture.ends(arrow)[0] for arrow in leading}
    return [box.key for box in picture.boxes if box.key not in above]
