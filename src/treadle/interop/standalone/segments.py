"""Dividing a graph into what becomes functions: one segment for each part of a layer in each stage of a step.

Input: an optimised graph, and the step graph that still says what gradients are. Output: segments in an order
that can be computed. Nodes that cost nothing to repeat (constants) belong to no segment.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from treadle.interop.standalone.names import SpecNames
from treadle.ir import Graph, Node

LEAVES = frozenset({"input", "param", "state"})
REPEATED = frozenset({"const", "iota"})
"""Written again wherever they are needed."""


class Stage(IntEnum):
    """A part of a training step, in order; inference has the first only."""

    FORWARD = 0
    BACKWARD = 1
    UPDATE = 2


@dataclass(frozen=True)
class Key:
    """What nodes of one segment share.

    Attributes:
        scope: the path of the layer; of an update, the name of the leaf that it is for.
        function: the definition in the spec that they are written in; empty for the model itself.
        is_layer: whether that is a layer.
    """

    stage: Stage
    scope: str = ""
    function: str = ""
    is_layer: bool = False


@dataclass(frozen=True)
class Segment:
    """Nodes of one key that can be computed one after the other."""

    key: Key
    nodes: tuple[Node, ...]


def is_computed(node: Node) -> bool:
    """Whether a node belongs to a segment."""
    return node.op not in LEAVES and node.op not in REPEATED


def divide(graph: Graph, stages: Mapping[int, Stage], names: SpecNames) -> list[Segment]:
    """The segments of all that outputs and updates need."""
    needed = graph.ancestors(graph.roots())
    nodes = [node for node in graph if node.id in needed and is_computed(node)]
    groups = _update_groups(graph)
    keys: dict[int, Key] = {}
    for node in nodes:  # the results of a loop are where it is
        keys[node.id] = keys[node.inputs[0].id] if node.op == "item" else _key(node, stages, groups, names)
    return _in_order(graph, nodes, _without_single_nodes(keys))


def _without_single_nodes(keys: Mapping[int, Key]) -> dict[int, Key]:
    """What a layer does in one op through a function of the spec belongs to the layer itself."""
    counts = Counter(keys.values())
    return {
        node_id: Key(key.stage, key.scope, "", is_layer=True) if _is_alone(key, counts) else key
        for node_id, key in keys.items()
    }


def _is_alone(key: Key, counts: Mapping[Key, int]) -> bool:
    return bool(key.scope) and key.stage is not Stage.UPDATE and counts[key] == 1


def _key(node: Node, stages: Mapping[int, Stage], groups: Mapping[int, str], names: SpecNames) -> Key:
    stage = stages.get(node.id, Stage.FORWARD)
    if stage is Stage.UPDATE:
        return Key(stage, groups.get(node.id, ""))
    definition = names.definition(node)
    if definition is None or definition.kind not in {"Fn", "Layer"}:
        return Key(stage, node.scope)
    is_part = definition.kind == "Fn" or not node.scope
    return Key(stage, node.scope, definition.name if is_part else "", definition.kind == "Layer")


def _update_groups(graph: Graph) -> dict[int, str]:
    """For each node that is needed for the new value of one parameter (and its states) only: its name."""
    groups: dict[int, str] = {}
    for leaf, root in graph.updates.items():
        parameter = leaf.rpartition(":")[2]
        for node_id in graph.ancestors([root]):
            groups[node_id] = parameter if groups.get(node_id, parameter) == parameter else ""
    for node_id in graph.ancestors(graph.outputs.values()):
        groups[node_id] = ""
    return groups


def _in_order(graph: Graph, nodes: Iterable[Node], keys: Mapping[int, Key]) -> list[Segment]:
    """Stage by stage; within one, as long as possible in one segment, else on with the oldest node."""
    waiting: dict[int, int] = {}
    ready: dict[Key, list[int]] = {}
    for node in nodes:
        waiting[node.id] = sum(operand.id in keys for operand in node.inputs)
        if not waiting[node.id]:
            heapq.heappush(ready.setdefault(keys[node.id], []), node.id)
    segments: list[Segment] = []
    while ready:
        key = min(ready, key=lambda key: (key.stage, ready[key][0]))
        members = _run(graph, key, ready, waiting, keys)
        segments.append(Segment(key, tuple(members)))
    return segments


def _run(
    graph: Graph,
    key: Key,
    ready: dict[Key, list[int]],
    waiting: dict[int, int],
    keys: Mapping[int, Key],
) -> list[Node]:
    """Takes the nodes of a key that can be computed now."""
    members = []
    while key in ready:
        node = graph[heapq.heappop(ready[key])]
        if not ready[key]:
            del ready[key]
        members.append(node)
        for user, _slot in graph.users(node):
            if user.id in waiting:
                waiting[user.id] -= 1
                if not waiting[user.id]:
                    heapq.heappush(ready.setdefault(keys[user.id], []), user.id)
    return members


def stages_of(step: Graph, optimised: Graph) -> dict[int, Stage]:
    """The stage of each node of a training step.

    Losses and metrics need the forward stage. What else comes from a place in the spec whose values depend on
    gradients, or on nothing that the loss needs, is the update; the rest is the backward stage.
    """
    losses = [*step.outputs.values(), *(node.inputs[0] for node in step if node.op == "grad")]
    forward = step.ancestors(losses)
    after = {
        (node.span, node.scope)
        for node in step
        if node.id not in forward and node.op != "grad" and node.op not in LEAVES
    } - {(step[node_id].span, step[node_id].scope) for node_id in forward}
    needed = optimised.ancestors(optimised.outputs.values())
    stages: dict[int, Stage] = {}
    for node in optimised:
        own = Stage.UPDATE if (node.span, node.scope) in after else Stage.BACKWARD
        own = Stage.FORWARD if node.id in needed else own
        if node.op == "item":
            own = Stage.FORWARD  # like its loop
        before = (stages[operand.id] for operand in node.inputs if is_computed(operand))
        stages[node.id] = max((own, *before))
    return stages
