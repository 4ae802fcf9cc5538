"""What each kind of box looks like. Shape and border tell kinds apart without colour; colour only helps.

Input: kinds. Output: Graphviz attributes. Non-goals: layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a box stands for; the value is its line in the legend. Later kinds outrank earlier ones."""

    VIEW = "other view of the same numbers"
    ELEMENTWISE = "element by element"
    REDUCTION = "reduction along axes"
    LOOKUP = "gather or scatter"
    RANDOM = "random draw"
    LINEAR = "matrix product, convolution"
    GRAD = "gradient, as an expression"
    STEP = "one step of a sequence"
    CARRY = "value carried from step to step"
    LAYER = "layer, folded up"
    INPUT = "input or target"
    PARAM = "parameter"
    STATE = "state"
    OUTPUT = "output, metric"
    LOSS = "loss"
    GRADIENT = "gradient of the loss"

    @property
    def rank(self) -> int:
        """Position in the order above."""
        return _ORDER[self]


_ORDER = {kind: index for index, kind in enumerate(Kind)}


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
    Kind.REDUCTION: Look("invhouse", "#e3f1dc"),
    Kind.LOOKUP: Look("tab", "#e6e0f0"),
    Kind.RANDOM: Look("hexagon", "#fbe0ea"),
    Kind.LINEAR: Look("box", "#cfe2f7", penwidth=2.0),
    Kind.GRAD: Look("invtriangle", "#f7d9d0"),
    Kind.STEP: Look("cds", "#ffffff"),
    Kind.CARRY: Look("house", "#fff3d6"),
    Kind.LAYER: Look("box3d", "#cfe2f7"),
    Kind.INPUT: Look("ellipse", "#ffffff", penwidth=2.0),
    Kind.PARAM: Look("note", "#fff3bf"),
    Kind.STATE: Look("cylinder", "#ffe3c2"),
    Kind.OUTPUT: Look("ellipse", "#ffffff", peripheries=2),
    Kind.LOSS: Look("doubleoctagon", "#ffffff"),
    Kind.GRADIENT: Look("note", "#f7d9d0", "filled,dashed"),
}

BACKWARD_INK = "#a33b20"
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
LOOP_CLUSTER = {**CLUSTER, "style": "rounded,bold", "color": "#404040"}


class Role(Enum):
    """What an arrow carries; the value is its line in the legend."""

    FORWARD = "value"
    BACKWARD = "gradient"
    LEAF = "input, parameter or state"
    SAVED = "forward value that the gradient needs"
    FEEDBACK = "to the next step"


_ARROWS: dict[Role, dict[str, str]] = {
    Role.FORWARD: {"weight": "8"},
    Role.LEAF: {"minlen": "0"},
    Role.BACKWARD: {"color": BACKWARD_INK, "fontcolor": BACKWARD_INK, "style": "dashed", "weight": "4"},
    Role.SAVED: {"color": QUIET_INK, "style": "dotted", "constraint": "false"},
    Role.FEEDBACK: {"style": "bold", "constraint": "false"},
}


def arrow_attributes(role: Role, label: str) -> dict[str, str]:
    """Graphviz attributes of an arrow."""
    attributes = dict(_ARROWS[role])
    if label:
        attributes["label"] = f" {label} "
    return attributes


def box_attributes(kind: Kind, *, backward: bool) -> dict[str, str]:
    """Graphviz attributes of a box; boxes of the backward graph have a dashed border in another ink."""
    look = LOOKS[kind]
    attributes = {"shape": look.shape, "style": look.style, "fillcolor": look.fill}
    attributes["penwidth"] = f"{look.penwidth:g}"
    if look.peripheries != 1:
        attributes["peripheries"] = str(look.peripheries)
    if backward:
        attributes["color"] = BACKWARD_INK
        if "dashed" not in look.style:
            attributes["style"] = f"{look.style},dashed"
    return attributes
