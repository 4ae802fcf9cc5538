"""From a graph to what there is to draw of it.

Input: a graph with symbolic dimensions, and which of its parts are wanted. Output: a `Scene`. Non-goals: what
becomes of a graph after lowering (`kernels`, `memory`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from treadle.ir import Graph
from treadle.viz.flatten import flatten
from treadle.viz.gradients import parts_of, with_gradients, with_second
from treadle.viz.links import links
from treadle.viz.scene import Element, Kind, Part, Scene

_LEAVES = {Kind.INPUT, Kind.PARAM, Kind.STATE}


def forward_scene(graph: Graph) -> Scene:
    """The graph as it is, a `grad` node as one box; an input that nothing reads is shown, too."""
    declared = [node for name, node in graph.inputs.items() if not name.startswith("$")]
    elements = flatten(graph, graph.outputs, {}, declared)
    return Scene(f"{graph.name}: forward", "forward", tuple(elements))


def joint_scene(graph: Graph) -> Scene:
    """The graph and the gradients of its loss by all parameters, with links between them.

    Raises:
        TreadleError: E1005 when there is no loss.
    """
    grown = with_gradients(graph)
    elements = flatten(grown, grown.outputs, parts_of(grown))
    return Scene(f"{graph.name}: forward and backward", "joint", tuple(elements), links(elements))


def backward_scene(graph: Graph) -> Scene:
    """The gradients alone; what they take from the forward part stands at their border.

    Raises:
        TreadleError: E1005 when there is no loss.
    """
    elements = _with_border(joint_scene(graph).elements)
    return Scene(f"{graph.name}: backward", "backward", elements)


def second_scene(graph: Graph) -> Scene:
    """Gradients of gradients; `with_second` says of which, and so does a note.

    Raises:
        TreadleError: E1005 when there is no loss.
    """
    grown, parts, note = with_second(graph)
    elements = flatten(grown, grown.outputs, parts)
    title = f"{graph.name}: gradient of the gradient"
    return Scene(title, "second", tuple(elements), links(elements), (note,))


SCENES: dict[str, Callable[[Graph], Scene]] = {
    "forward": forward_scene,
    "backward": backward_scene,
    "joint": joint_scene,
    "second": second_scene,
}


def _with_border(elements: Sequence[Element]) -> tuple[Element, ...]:
    """The backward elements after those that they read, which have lost their own operands."""
    labels = {w.source: w.label for e in elements if e.part is Part.BACKWARD for w in e.wires}
    border = [_taken(e, labels[e.key]) for e in elements if e.part is Part.FORWARD and e.key in labels]
    return (*border, *(element for element in elements if element.part is Part.BACKWARD))


def _taken(element: Element, label: str) -> Element:
    if element.kind in _LEAVES:
        return element
    return replace(element, kind=Kind.TAKEN, label=f"{element.label}\n{label}", wires=())
