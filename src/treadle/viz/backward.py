"""The backward graph: the forward graph together with the gradients of its loss, and which nodes are which.

Input: a model's graph. Output: a graph without `grad` nodes, with a result `grad:NAME` for each parameter.
Non-goals: optimizer updates.
"""

from __future__ import annotations

from treadle.driver import differentiate
from treadle.errors import fail
from treadle.ir import Builder, Graph, rewrite
from treadle.viz.kinds import constants


def with_gradients(graph: Graph) -> Graph:
    """The graph with a result `grad:NAME` for each parameter that the loss depends on.

    Raises:
        TreadleError: E1005 when the graph has no loss.
    """
    loss = graph.outputs.get("loss")
    if loss is None:
        hint = "the objective of a training phase is drawn with `--phase NAME`"
        fail("E1005", f"{graph.name} has no loss, so there is no backward graph", hint=hint)
    grown = rewrite(graph, lambda _builder, _node, _inputs: None)
    grown.updates.clear()
    builder = Builder(grown)
    loss = grown.outputs["loss"]
    needed = grown.ancestors([loss])
    for name, param in grown.params.items():
        if param.id in needed:
            with builder.at(param.span, param.scope):
                grown.outputs[f"grad:{name}"] = builder.grad(loss, param)
    result = differentiate(grown)
    _drop_zeros(result)
    return result


def _drop_zeros(graph: Graph) -> None:
    """Forgets gradients that are known to be zero: of parameters behind a `stop_grad`."""
    fixed = constants(graph)
    for name in [
        name for name, node in graph.outputs.items() if name.startswith("grad:") and node.id in fixed
    ]:
        del graph.outputs[name]


def backward_nodes(graph: Graph) -> frozenset[int]:
    """Ids of the nodes that only gradients need."""
    forward = [node for name, node in graph.outputs.items() if not name.startswith("grad:")]
    everything = graph.ancestors(graph.outputs.values())
    return frozenset(everything - graph.ancestors(forward))
