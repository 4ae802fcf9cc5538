"""Which kind of box a node is, decided by its op's traits; and which nodes are constants, not drawn at all.

Input: nodes. Output: `Kind`s, ids. Non-goals: looks.
"""

from __future__ import annotations

from treadle.ir import Graph, Node
from treadle.ops import REGISTRY
from treadle.viz.scene import Kind, Part

_BY_OP = {
    "input": Kind.INPUT,
    "param": Kind.PARAM,
    "state": Kind.STATE,
    "grad": Kind.GRAD,
    "matmul": Kind.LINEAR,
    "conv": Kind.LINEAR,
    "conv_input_grad": Kind.LINEAR,
    "conv_filter_grad": Kind.LINEAR,
    "take": Kind.LOOKUP,
    "take_along": Kind.LOOKUP,
    "scatter_add": Kind.LOOKUP,
    "scatter_add_along": Kind.LOOKUP,
    "scatter_add_into": Kind.LOOKUP,
    "scatter_max": Kind.LOOKUP,
    "scatter_max_along": Kind.LOOKUP,
    "argsort": Kind.REDUCTION,
    "solve": Kind.LINEAR,
    "det": Kind.LINEAR,
    "eigenvectors": Kind.LINEAR,
    "argmax": Kind.REDUCTION,
    "argmin": Kind.REDUCTION,
    "random_uniform": Kind.RANDOM,
    "random_normal": Kind.RANDOM,
    "fold_in": Kind.RANDOM,
}
_END_PARTS = {
    "grad": Part.BACKWARD,
    "inner": Part.BACKWARD,
    "norm": Part.BACKWARD,
    "second": Part.SECOND,
    "hessian": Part.SECOND,
}
_CONSTANT_LEAVES = {"const", "table", "iota"}
_NEVER_CONSTANT = {"input", "param", "state", "scan", "item"}


def kind_of(node: Node) -> Kind:
    """The kind of box a node is drawn as."""
    if node.op in _BY_OP:
        return _BY_OP[node.op]
    traits = REGISTRY[node.op].traits
    if "reduction" in traits:
        return Kind.REDUCTION
    return Kind.ELEMENTWISE if "elementwise" in traits else Kind.VIEW


def end_part(name: str) -> Part:
    """The part of the program that a named result is the end of."""
    return _END_PARTS.get(name.partition(":")[0], Part.FORWARD)


def constants(graph: Graph) -> frozenset[int]:
    """Ids of the nodes whose values do not depend on any input, parameter or state."""
    found: set[int] = set()
    for node in graph:
        if node.op in _CONSTANT_LEAVES or (
            node.op not in _NEVER_CONSTANT and all(operand.id in found for operand in node.inputs)
        ):
            found.add(node.id)
    return frozenset(found)
