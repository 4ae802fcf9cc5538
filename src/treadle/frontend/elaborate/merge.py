"""Merging graphs of initial values: those of several phases become one."""

from __future__ import annotations

from treadle.ir import Builder, Graph, Node


def merge_outputs(target: Graph, source: Graph) -> None:
    """Add to `target` the outputs of `source` that it lacks, with what they are computed from."""
    wanted = {name: node for name, node in source.outputs.items() if name not in target.outputs}
    if not wanted:
        return
    builder = Builder(target)
    needed = source.ancestors(wanted.values())
    new: dict[int, Node] = {}
    for node in source:
        if node.id in needed:
            inputs = tuple(new[operand.id] for operand in node.inputs)
            with builder.at(node.span, node.scope):
                new[node.id] = builder.apply(node.op, *inputs, **node.attrs)
            if node.op == "input":
                target.inputs[node.attrs["name"]] = new[node.id]
    for name, node in wanted.items():
        target.outputs[name] = new[node.id]
