"""Lowering the programs of a session together: they share parameters and states.

Input: graphs by name. Output: plans by name, over shared leaves; what of their memory lasts, and its size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from treadle.ir import Graph
from treadle.lower.lower import lower
from treadle.lower.plan import Plan
from treadle.lower.storage import Buffer, BufferKind, Storage
from treadle.lower.target import Target


def lower_all(programs: Mapping[str, Graph], target: Target) -> dict[str, Plan]:
    """Plans of graphs that share params and states.

    Raises:
        ValueError: when the types of a leaf differ.
    """
    shared: dict[str, Storage] = {}
    plans: dict[str, Plan] = {}
    for name, graph in programs.items():
        for leaf, node in graph.leaves().items():
            known = shared.get(leaf)
            if known and (known.buffer.dtype, known.shape) != (node.type.dtype, node.type.static_shape()):
                raise ValueError(f"{leaf} is {node.type} in {name} and another type in an earlier program")
        plans[name] = lower(graph, shared, target)
        shared |= plans[name].leaves
    return plans


def lasting(plan: Plan) -> list[Buffer]:
    """Buffers that keep their contents between runs."""
    own = [b for b in plan.buffers if b.kind not in {BufferKind.ARENA, BufferKind.INPUT}]
    return [*(storage.buffer for storage in plan.leaves.values()), *own]


def bytes_of(plans: Iterable[Plan], kind: BufferKind) -> int:
    """Total size of the buffers of a kind; programs share parameters and states."""
    buffers = {
        buffer for plan in plans for buffer in (*plan.buffers, *_leaf_buffers(plan)) if buffer.kind is kind
    }
    return sum(buffer.bytes for buffer in buffers)


def _leaf_buffers(plan: Plan) -> list[Buffer]:
    return [storage.buffer for storage in plan.leaves.values()]
