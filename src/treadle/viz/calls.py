"""Which part of a training step each call of a plan belongs to.

Input: a plan, and the graph that it was made of. Output: `Part`s. A call is forward when a result of the plan
depends on it, of the update when it writes a parameter or state or computes what the graph says of updates
alone and no gradient depends on it, and backward otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from treadle.ir import Graph, Node
from treadle.lower.plan import Call, LoopCall, PackCall, Plan, touched, walk
from treadle.lower.storage import Buffer, BufferKind
from treadle.source import Span
from treadle.viz.scene import Part

_LEAVES = {BufferKind.PARAM, BufferKind.STATE}


def leaf_calls(calls: Sequence[Call]) -> list[Call]:
    """All calls in order of execution, loops replaced by what is in them."""
    return [call for call in walk(calls) if not isinstance(call, LoopCall)]


def parts_of_calls(plan: Plan, graph: Graph) -> Mapping[Call, Part]:
    """The part of each call that is no loop."""
    calls = leaf_calls(plan.calls)
    forward = _forward(calls, {storage.buffer for storage in plan.outputs.values()})
    spans = _update_spans(graph)
    parts: dict[Call, Part] = {}
    needed: set[Buffer] = set()  # by calls of the backward part
    for call in reversed(calls):
        writes = touched(call)[1]
        is_update = any(b.kind in _LEAVES for b in writes) or _last_span(call) in spans
        is_last = is_update and not writes & needed
        parts[call] = Part.FORWARD if call in forward else Part.UPDATE if is_last else Part.BACKWARD
        if parts[call] is Part.BACKWARD:
            needed |= {buffer for buffer in read(call) if buffer.kind not in _LEAVES}
    return parts


def nodes_of(call: Call) -> tuple[Node, ...]:
    """What a call computes; a packing prepares for its product."""
    if isinstance(call, LoopCall):
        return tuple(node for inner in call.body for node in nodes_of(inner))
    return call.product.nodes if isinstance(call, PackCall) else call.nodes


def read(call: Call) -> set[Buffer]:
    """The buffers that a call reads and does not write."""
    reads, writes = touched(call)
    return reads - writes


def _forward(calls: Sequence[Call], needed: set[Buffer]) -> set[Call]:
    """The calls that the needed buffers depend on; loops are gone round until nothing is new."""
    found: set[Call] = set()
    grown = True
    while grown:
        before = len(found)
        for call in reversed(calls):
            if touched(call)[1] & needed:
                found.add(call)
                needed |= {buffer for buffer in read(call) if buffer.kind not in _LEAVES}
        grown = len(found) > before
    return found


def _update_spans(graph: Graph) -> set[Span]:
    """Where in the spec it says what becomes of gradients, and nothing else."""
    slopes = [operand for node in graph if node.op == "grad" for operand in node.inputs]
    model = graph.ancestors([*graph.outputs.values(), *slopes])
    spans = {node.span for node in graph if node.id in model}
    return {node.span for node in graph if node.id not in model and node.span is not None} - spans


def _last_span(call: Call) -> Span | None:
    nodes = nodes_of(call)
    return nodes[-1].span if nodes else None
