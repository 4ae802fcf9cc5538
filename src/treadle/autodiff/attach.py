"""Asks a graph for gradients: `grad` nodes become outputs.

Input: a graph with a number among its outputs. Output: a copy with `gradient:NAME` outputs, still to be
expanded.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from treadle.ir import Builder, Graph, rewrite

GRADIENT = "gradient:"
"""Before the name of what an output is the gradient in."""


def with_gradients(graph: Graph, output: str, names: Sequence[str], keep: Collection[str] = ()) -> Graph:
    """A copy without updates whose outputs are those to `keep` and the gradients of `output` in `names`.

    Args:
        graph: may hold `grad` nodes; is left as it is.
        output: the name of a scalar output.
        names: inputs, params and states of floats.
        keep: outputs that stay.
    """
    copy = rewrite(graph, lambda _builder, _node, _inputs: None)
    builder = Builder(copy)
    entering = {**copy.inputs, **copy.leaves()}
    value = copy.outputs[output]
    kept = {name: node for name, node in copy.outputs.items() if name in keep}
    copy.outputs = kept | {f"{GRADIENT}{name}": builder.grad(value, entering[name]) for name in names}
    copy.updates = {}
    return copy
