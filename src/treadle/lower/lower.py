"""The entry of lowering: a graph becomes a plan.

Input: an optimised graph with static shapes, and the storage of params and states where programs share
them. Output: a `Plan` whose buffers have no addresses yet (`arena.py` gives offsets once a target has said
what scratch it needs).
"""

from __future__ import annotations

from collections.abc import Mapping

from treadle.ir import Graph, Node
from treadle.lower.block import lower_block
from treadle.lower.context import Context
from treadle.lower.plan import Plan
from treadle.lower.prepare import prepare
from treadle.lower.scan import Result
from treadle.lower.storage import BufferKind, Storage
from treadle.lower.target import ONE_THREAD, Target


def lower(graph: Graph, leaves: Mapping[str, Storage] | None = None, target: Target = ONE_THREAD) -> Plan:
    """Lowers a graph.

    Args:
        graph: with static shapes and without `grad` nodes.
        leaves: storage of params and states that exists already, by name; others get buffers of their own.
        target: the machine.
    """
    graph = prepare(graph, target)
    context = Context(target)
    inputs = {name: _own(context, name, node, BufferKind.INPUT) for name, node in graph.inputs.items()}
    persistent = leaf_storages(graph, context, leaves or {})
    places = {node.id: inputs[name] for name, node in graph.inputs.items()}
    places |= {node.id: persistent[name] for name, node in graph.leaves().items()}
    outputs = {name: _own(context, name, node, BufferKind.OUTPUT) for name, node in graph.outputs.items()}
    results = [Result(node, outputs[name]) for name, node in graph.outputs.items()]
    results += [Result(node, persistent[name], graph.leaves()[name]) for name, node in graph.updates.items()]
    calls = lower_block(graph, context, places, [r for r in results if r.node is not r.replaces])
    return Plan(graph.name, calls, inputs, persistent, outputs, context.buffers)


def leaf_storages(graph: Graph, context: Context, known: Mapping[str, Storage]) -> dict[str, Storage]:
    """The storage of all params and states."""
    kinds = dict.fromkeys(graph.params, BufferKind.PARAM) | dict.fromkeys(graph.states, BufferKind.STATE)
    return {
        name: known[name] if name in known else _own(context, name, node, kinds[name])
        for name, node in graph.leaves().items()
    }


def _own(context: Context, name: str, node: Node, kind: BufferKind) -> Storage:
    return context.tensor(name, node.type.dtype, node.type.static_shape(), kind)
