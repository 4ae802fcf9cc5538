"""A graph flattened for drawing: loop bodies inlined, constants written into the labels of their users.

Input: a graph, the results to draw, and the part of the program that each node belongs to. Output:
`Element`s; operands come before users, but for the values that a loop carries back. Non-goals: grouping.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from treadle.ir import Graph, Node
from treadle.viz.kinds import constants, end_part, kind_of
from treadle.viz.labels import end_label, leaf_label, node_label, scan_label, type_text
from treadle.viz.scene import LOOP_MARK, Element, Kind, Part, Path, Wire

Parts = Mapping[int, Part]  # by node id; forward where nothing is said


@dataclass(frozen=True)
class _Place:
    """Where a walk stands: prefix of keys, path of the enclosing loops, parts of nodes or one part of all."""

    prefix: str
    path: Path
    parts: Parts
    whole: Part = Part.FORWARD

    def key(self, node: Node) -> str:
        return f"{self.prefix}{node.id}"

    def part_of(self, node: Node) -> Part:
        return self.parts.get(node.id, self.whole)

    def path_of(self, node: Node) -> Path:
        return (*self.path, *scope_path(node.scope, self.path))


def flatten(
    graph: Graph, roots: Mapping[str, Node], parts: Parts, also: Iterable[Node] = ()
) -> list[Element]:
    """The elements that `roots` need, and those of the nodes in `also`, followed by the roots' own ends."""
    walk = _Walk()
    place = _Place("n", (), parts)
    wires = walk.nodes(graph, graph.ancestors([*roots.values(), *also]), place, {})
    for name, node in roots.items():
        walk.add(_end(graph, name, node, wires[node.id]))
    return walk.elements


def _end(graph: Graph, name: str, node: Node, wire: Wire) -> Element:
    kind, label = end_label(name)
    param = graph.params.get(name.partition(":")[2]) if kind is Kind.GRADIENT else None
    path = scope_path(param.scope) if param is not None else ()
    return Element(f"end:{name}", kind, label, path, end_part(name), (wire,), (node,))


def scope_path(scope: str, outer: Path = ()) -> Path:
    """A layer path as its parts, without those that the enclosing loop's path already has."""
    parts = tuple(part for part in scope.split(".") if part)
    layers = tuple(part for part in outer if LOOP_MARK not in part)
    return parts[len(layers) :] if parts[: len(layers)] == layers else parts


class _Walk:
    def __init__(self) -> None:
        self.elements: list[Element] = []
        self._positions: dict[str, int] = {}
        self._results: dict[str, list[Wire]] = {}

    def add(self, element: Element) -> None:
        self._positions[element.key] = len(self.elements)
        self.elements.append(element)

    def nodes(
        self, graph: Graph, needed: set[int], place: _Place, given: Mapping[int, Wire]
    ) -> dict[int, Wire]:
        """Adds the needed nodes; returns the wire that carries each node's value. Constants have none."""
        wires = dict(given)
        hidden = constants(graph) - {node.id for node in graph.roots()}
        for node in graph:
            if node.id not in needed or node.id in wires or node.id in hidden:
                continue
            if node.op == "scan":
                self._scan(node, wires, place)
            elif node.op == "item":
                result = self._results[place.key(node.inputs[0])][node.attrs["index"]]
                wires[node.id] = replace(result, label=type_text(node.type))
            else:
                wires[node.id] = self._plain(node, wires, place)
        return wires

    def _plain(self, node: Node, wires: Mapping[int, Wire], place: _Place) -> Wire:
        kind = kind_of(node)
        is_leaf = kind in {Kind.INPUT, Kind.PARAM, Kind.STATE}
        entering = tuple(wires[operand.id] for operand in node.inputs if operand.id in wires)
        size = node.type.size if kind is Kind.PARAM else 0
        part = Part.FORWARD if is_leaf else place.part_of(node)
        label = leaf_label(node) if is_leaf else node_label(node)
        known = size if isinstance(size, int) else 0
        path = place.path_of(node)
        self.add(Element(place.key(node), kind, label, path, part, entering, (node,), known))
        return Wire(place.key(node), type_text(node.type))

    def _scan(self, node: Node, wires: Mapping[int, Wire], place: _Place) -> None:
        body: Graph = node.attrs["body"]
        key = place.key(node)
        path = (*place.path_of(node), f"{scan_label(node)}{LOOP_MARK}{key}")
        inner = _Place(f"{key}_", path, {}, place.part_of(node))
        given = self._body_inputs(node, wires, inner)
        inside = self.nodes(body, body.ancestors(body.outputs.values()), inner, given)
        self._results[key] = [inside[result.id] for result in body.outputs.values()]
        for index in range(node.attrs["carries"]):
            self._feed_back(f"{inner.prefix}in{index}", self._results[key][index])

    def _body_inputs(self, node: Node, wires: Mapping[int, Wire], inner: _Place) -> dict[int, Wire]:
        """Wires of the body's inputs: constants of the loop come straight from outside, others get a box."""
        given: dict[int, Wire] = {}
        carries = node.attrs["carries"]
        steps = carries + node.attrs["sequences"]
        for position, (name, own) in enumerate(node.attrs["body"].inputs.items()):
            operand = node.inputs[position] if position < len(node.inputs) else None
            outer = wires.get(operand.id) if operand is not None else None
            if outer is not None and position >= steps:
                given[own.id] = outer
                continue
            kind = Kind.CARRY if position < carries else Kind.STEP
            key = f"{inner.prefix}in{position}"
            entering = () if outer is None else (outer,)
            label = _body_label(kind, name)
            self.add(Element(key, kind, label, inner.path, inner.whole, entering, (node,)))
            given[own.id] = Wire(key, type_text(own.type))
        return given

    def _feed_back(self, carry: str, result: Wire) -> None:
        position = self._positions[carry]
        element = self.elements[position]
        back = replace(result, feedback=True)
        self.elements[position] = replace(element, wires=(*element.wires, back))


def _body_label(kind: Kind, name: str) -> str:
    if name == "index":
        return "step number"
    return f"carried {name}" if kind is Kind.CARRY else f"one step {name}"
