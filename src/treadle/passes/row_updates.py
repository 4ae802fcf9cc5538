"""Pass: a gradient that is scattered rows changes only these rows of a param.

Input: a graph with updates such as `w - 0.1 * scatter_add(g, ids)`. Output: the same with
`scatter_add_into(w, -0.1 * g, ids)`, which lowering runs in place: no dense gradient, no work on rows that no
index names. Sums of several scattered gradients become one. The order of additions in a row may differ.

Non-goals: updates that change every row anyway (momentum, weight decay, the norm of a gradient).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from treadle.ir import Builder, Graph, Node, rewrite
from treadle.passes import dce
from treadle.passes.patterns import reshaped
from treadle.types import DType
from treadle.types.tensor import shape_size


class _Rows(NamedTuple):
    """Scattered rows and what multiplies them: numbers, each to be divided by or not, and a sign."""

    scatter: Node
    factors: tuple[tuple[str, Node], ...]
    negative: bool


def run(graph: Graph) -> Graph:
    """The graph with row updates in place of dense ones."""
    leaves = graph.leaves()
    replaced = {node.id: leaves[name] for name, node in graph.updates.items()}
    fitting = {key for key, leaf in replaced.items() if _fits(graph, graph[key], leaf)}

    def rule(builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        if node.id not in fitting:
            return None
        rows = list(_rows(inputs[1], negative=node.op == "sub") or ())
        return _into(builder, inputs[0], rows)

    return dce.run(rewrite(graph, rule)) if fitting else graph


def _fits(graph: Graph, node: Node, leaf: Node) -> bool:
    """Whether a new value is the old one and scattered rows that nothing else needs in full."""
    if node.op not in {"add", "sub"} or node.inputs[0] is not leaf or node.inputs[1].type != leaf.type:
        return False
    rows = _rows(node.inputs[1], negative=False)
    roots = {root.id for root in graph.roots()}
    return rows is not None and all(
        part.id not in roots and len(graph.users(part)) == 1 for part in _between(node.inputs[1])
    )


def _between(change: Node) -> Iterator[Node]:
    """The dense nodes of a change, down to the scattered rows."""
    yield change
    if change.op != "scatter_add":
        for operand in change.inputs:
            if operand.type.rank:
                yield from _between(operand)


def _rows(change: Node, *, negative: bool) -> list[_Rows] | None:
    """A change as a sum of scaled scattered rows, if it is one."""
    if change.op == "scatter_add":
        return [_Rows(change, (), negative)] if change.attrs["axis"] == 0 else None
    if change.op == "neg":
        return _rows(change.inputs[0], negative=not negative)
    if change.op in {"add", "sub"}:
        first = _rows(change.inputs[0], negative=negative)
        second = _rows(change.inputs[1], negative=negative != (change.op == "sub"))
        return None if first is None or second is None else first + second
    if change.op in {"mul", "div"}:
        return _scaled(change, negative=negative)
    return None


def _scaled(change: Node, *, negative: bool) -> list[_Rows] | None:
    dense, factor = change.inputs
    if change.op == "mul" and not dense.type.rank:
        dense, factor = factor, dense
    if factor.type.rank or dense.type != change.type:
        return None
    rows = _rows(dense, negative=negative)
    return rows and [row._replace(factors=((change.op, factor), *row.factors)) for row in rows]


def _into(g: Builder, base: Node, rows: list[_Rows]) -> Node:
    """All rows under each other, added into the base."""
    updates, places = [], []
    for scatter, factors, negative in rows:
        values, ids = scatter.inputs
        count, width = shape_size(ids.type.shape), base.type.shape[1:]
        value = reshaped(g, values, (count, *width))
        for op, factor in reversed(factors):
            value = g.apply(op, value, factor)
        updates.append(g.neg(value) if negative else value)
        places.append(reshaped(g, ids, (count,)))
    if len(rows) == 1:
        return g.scatter_add_into(base, updates[0], places[0], axis=0)
    same = [ids if ids.type.dtype is DType.I64 else g.cast(ids, dtype=DType.I64) for ids in places]
    return g.scatter_add_into(base, g.concat(*updates, axis=0), g.concat(*same, axis=0), axis=0)
