"""What there is to draw, before anything is folded: elements, their operands, links and notes.

Made by `build`; both printers, dot and html, start from here. Non-goals: grouping, looks, layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from treadle.ir import Node

What = Literal["forward", "backward", "joint", "second", "kernels", "memory"]
Path = tuple[str, ...]
LOOP_MARK = "\0"  # separates a loop's label from its key in a path, so that equal labels stay apart


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
    TAKEN = "value of the forward part"
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


class Part(Enum):
    """Which part of a program an element belongs to."""

    FORWARD = "forward"
    BACKWARD = "backward"
    SECOND = "gradient of the gradient"
    UPDATE = "update"


@dataclass(frozen=True)
class Wire:
    """A tensor that enters an element: where it comes from, and its type in words."""

    source: str
    label: str
    feedback: bool = False


@dataclass(frozen=True)
class Element:
    """One thing to draw.

    Attributes:
        key: unique in its scene.
        kind: what it stands for, and so how it looks.
        label: the words in the box; they may have several lines.
        path: its chain of layers and loops, the outermost first.
        part: the part of the program.
        wires: its operands in order; constants are written in the label instead.
        nodes: what it stands for in the graph; several for a kernel.
        size: the number of values of a parameter.
        detail: a longer text about it, such as a kernel's source.
    """

    key: str
    kind: Kind
    label: str
    path: Path
    part: Part
    wires: tuple[Wire, ...] = ()
    nodes: tuple[Node, ...] = ()
    size: int = 0
    detail: str = ""

    @property
    def tip(self) -> str:
        """Where in the spec it comes from; its op when that is not known."""
        return "\n".join(dict.fromkeys(str(node.span or node.op) for node in self.nodes))


@dataclass(frozen=True)
class Link:
    """Keys of an element and of one that computes a gradient of it."""

    forward: str
    gradient: str


@dataclass(frozen=True)
class Scene:
    """All elements, operands before users but for values that loops feed back."""

    title: str
    what: What
    elements: tuple[Element, ...]
    links: tuple[Link, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def parameters(self) -> int:
        """How many values all parameters have."""
        return sum(element.size for element in self.elements)


def part_name(part: str) -> str:
    """The words of one part of a path."""
    return part.partition(LOOP_MARK)[0]
