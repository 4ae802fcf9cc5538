"""What each kind of box looks like. Shape and border tell kinds apart without colour; colour only helps.

Input: kinds. Output: Graphviz attributes. Non-goals: layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from treadle.viz.scene import Kind, Part


@dataclass(frozen=True)
class Look:
    """Shape, fill and line style of a box."""

    shape: str
    fill: str
    style: str = "filled"
    peripheries: int = 1
    penwidth: float = 1.0


LOOKS: dict[Kind, Look] = {
    Kind.VIEW: Look("box", "#ffffff", "filled,rounded"),
    Kind.ELEMENTWISE: Look("box", "#f2f2f2", "filled,rounded"),
    Kind.REDUCTION: Look("box", "#e3f1dc", "filled,diagonals"),
    Kind.LOOKUP: Look("tab", "#e6e0f0"),
    Kind.RANDOM: Look("hexagon", "#fbe0ea"),
    Kind.LINEAR: Look("box", "#cfe2f7", penwidth=2.0),
    Kind.GRAD: Look("invtriangle", "#f7d9d0"),
    Kind.STEP: Look("cds", "#ffffff"),
    Kind.CARRY: Look("house", "#fff3d6"),
    Kind.TAKEN: Look("plain", "#ffffff", "filled,rounded"),
    Kind.LAYER: Look("box3d", "#cfe2f7"),
    Kind.INPUT: Look("ellipse", "#ffffff", penwidth=2.0),
    Kind.PARAM: Look("note", "#fff3bf"),
    Kind.STATE: Look("cylinder", "#ffe3c2"),
    Kind.OUTPUT: Look("ellipse", "#ffffff", peripheries=2),
    Kind.LOSS: Look("doubleoctagon", "#ffffff"),
    Kind.GRADIENT: Look("note", "#f7d9d0", "filled,dashed"),
}

BACKWARD_INK = "#a33b20"
SECOND_INK = "#5b3a9e"
UPDATE_INK = "#1d6b3a"
LINK_INK = "#3b6ea8"
QUIET_INK = "#8a8a8a"
FONT = "Helvetica"

GRAPH = {
    "rankdir": "TB",
    "fontname": FONT,
    "fontsize": "12",
    "labelloc": "t",
    "nodesep": "0.22",
    "ranksep": "0.32",
    "charset": "UTF-8",
}
NODE = {"fontname": FONT, "fontsize": "10", "margin": "0.09,0.04", "height": "0.3", "width": "0.3"}
EDGE = {"fontname": FONT, "fontsize": "8", "arrowsize": "0.6", "fontcolor": "#404040"}
CLUSTER = {
    "style": "rounded",
    "color": "#9a9a9a",
    "fontname": FONT,
    "fontsize": "11",
    "labeljust": "l",
    "margin": "7",
}
LEGEND = {**CLUSTER, "label": "legend", "style": "dotted"}
LOOP_CLUSTER = {**CLUSTER, "style": "rounded,bold", "color": "#404040"}


class Role(Enum):
    """What an arrow carries; the value is its line in the legend."""

    FORWARD = "value"
    BACKWARD = "gradient"
    SECOND = "gradient of the gradient"
    LEAF = "input, parameter or state"
    SAVED = "forward value that the gradient needs"
    FEEDBACK = "to the next step"
    LINK = "where its gradient is computed"
    ASIDE = "kept in one row"


_ARROWS: dict[Role, dict[str, str]] = {
    Role.FORWARD: {"weight": "8"},
    Role.LEAF: {},
    Role.BACKWARD: {"color": BACKWARD_INK, "fontcolor": BACKWARD_INK, "arrowhead": "empty", "weight": "4"},
    Role.SECOND: {"color": SECOND_INK, "fontcolor": SECOND_INK, "arrowhead": "vee"},
    Role.SAVED: {"color": QUIET_INK, "style": "dotted"},
    Role.FEEDBACK: {"style": "bold"},
    Role.LINK: {"color": LINK_INK, "style": "dashed", "arrowhead": "odot"},
    Role.ASIDE: {"style": "invis"},
}
FLAT = {Role.LEAF, Role.LINK, Role.ASIDE}
"""Arrows whose ends stand side by side where that is possible."""

_BORDERS: dict[Part, dict[str, str]] = {
    Part.FORWARD: {},
    Part.BACKWARD: {"color": BACKWARD_INK, "style": "dashed"},
    Part.SECOND: {"color": SECOND_INK, "style": "dotted"},
    Part.UPDATE: {"color": UPDATE_INK, "style": "bold"},
}


def arrow_attributes(role: Role, label: str = "") -> dict[str, str]:
    """Graphviz attributes of an arrow."""
    attributes = {**_ARROWS[role], **({"minlen": "0"} if role in FLAT else {})}
    if label:
        attributes["label"] = f" {label} "
    return attributes


def box_attributes(kind: Kind, part: Part) -> dict[str, str]:
    """Graphviz attributes of a box: the kind gives shape and fill, the part ink and style of the border."""
    look = LOOKS[kind]
    border = dict(_BORDERS[part])
    own = border.pop("style", "")
    style = look.style if not own or own in look.style else f"{look.style},{own}"
    attributes = {"shape": look.shape, "style": style, "fillcolor": look.fill, **border}
    attributes["penwidth"] = f"{look.penwidth:g}"
    if look.peripheries != 1:
        attributes["peripheries"] = str(look.peripheries)
    return attributes
