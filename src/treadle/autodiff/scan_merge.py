"""Makes one loop of several that walk the same operands and carry the same values but yield different things.

Input: a graph, for instance one with a scan and its repetition with further yields. Output: an equal graph in
which such scans are one. Bodies are compared node by node through hash-consing, nested loops included.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from treadle.ir import Builder, Graph, Node, copy_node, rewrite
from treadle.ir.copying import copy_into
from treadle.ir.node import attrs_key
from treadle.ops.control import INDEX


@dataclass(frozen=True)
class _Merged:
    """What becomes of a scan: the common body, and where each of its results is among the common ones."""

    body: Graph
    places: tuple[int, ...]


def run(graph: Graph) -> Graph:
    """Merges until nothing is left to merge: a merged loop can make the operands of two others equal."""
    while plan := _plan(graph):
        graph = _apply(graph, plan)
    return graph


def _plan(graph: Graph) -> dict[int, _Merged]:
    groups: defaultdict[Any, list[Node]] = defaultdict(list)
    needed = graph.ancestors(graph.roots())
    for node in graph:
        if node.op == "scan" and node.id in needed:
            groups[_signature(node)].append(node)
    plan: dict[int, _Merged] = {}
    for group in groups.values():
        rest = group
        while len(rest) > 1:
            merged = _merge(rest)
            plan |= merged
            rest = [node for node in rest[1:] if node.id not in merged]
    return plan


def _signature(scan: Node) -> Any:
    """Equal for scans that could be one, whatever their bodies."""
    attrs = {name: value for name, value in scan.attrs.items() if name != "body"}
    return tuple(node.id for node in scan.inputs), attrs_key(attrs), INDEX in scan.attrs["body"].inputs


def _apply(graph: Graph, plan: dict[int, _Merged]) -> Graph:
    def rule(builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        if node.id in plan:
            return copy_node(builder, node, inputs, body=plan[node.id].body)
        if node.op == "item" and (merged := plan.get(node.inputs[0].id)):
            return builder.item(*inputs, index=merged.places[node.attrs["index"]])
        return None

    return rewrite(graph, rule)


def _merge(scans: Sequence[Node]) -> dict[int, _Merged]:
    """Merges into the first scan all that carry the same; empty when there are none."""
    joint = _joint_graph([scan.attrs["body"] for scan in scans])
    outputs = [_outputs_of(joint, i, scan) for i, scan in enumerate(scans)]
    carries = scans[0].attrs["carries"]
    same = [i for i, own in enumerate(outputs) if _ids(own[:carries]) == _ids(outputs[0][:carries])]
    if len(same) == 1:
        return {}
    common = list(outputs[0][:carries])
    places: dict[int, int] = {}  # of yields, by node id
    for i in same:
        for node in outputs[i][carries:]:
            if node.id not in places:
                places[node.id] = len(common)
                common.append(node)
    body = _body(joint, common, carries)
    return {
        scans[i].id: _Merged(body, (*range(carries), *(places[node.id] for node in outputs[i][carries:])))
        for i in same
    }


def _ids(nodes: Sequence[Node]) -> list[int]:
    return [node.id for node in nodes]


def _joint_graph(bodies: Sequence[Graph]) -> Graph:
    """All bodies in one graph over the inputs of the first; outputs `i:j`. Loops inside are merged too."""
    joint = Graph(bodies[0].name)
    builder = Builder(joint)
    inputs = {name: builder.input(name, node.type) for name, node in bodies[0].inputs.items()}
    for i, body in enumerate(bodies):
        known = {old.id: new for old, new in zip(body.inputs.values(), inputs.values(), strict=True)}
        copy_into(builder, body, body.outputs.values(), known)
        joint.outputs |= {f"{i}:{j}": known[node.id] for j, node in enumerate(body.outputs.values())}
    return run(joint)


def _outputs_of(joint: Graph, i: int, scan: Node) -> list[Node]:
    return [joint.outputs[f"{i}:{j}"] for j in range(len(scan.attrs["body"].outputs))]


def _body(joint: Graph, outputs: Sequence[Node], carries: int) -> Graph:
    body = Graph(joint.name)
    builder = Builder(body)
    known = {node.id: builder.input(name, node.type) for name, node in joint.inputs.items()}
    copy_into(builder, joint, outputs, known)
    body.outputs = {
        f"c{i}" if i < carries else f"y{i - carries}": known[node.id] for i, node in enumerate(outputs)
    }
    return body
