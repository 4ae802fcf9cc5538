"""Pass: moves transposes and reshapes through elementwise ops to where they cancel or cost nothing.

Downwards where all operands are viewed alike (two views become one); upwards where every operand absorbs the
view: a matrix product takes transposed operands for free, a transpose cancels. Input: a graph in canonical
form. Non-goals: chains of views (`canonicalise` merges them).
"""

from __future__ import annotations

from collections import Counter

from treadle.ir import Builder, Graph, Node, rewrite
from treadle.ops import REGISTRY
from treadle.passes import dce
from treadle.passes.bodies import apply_rules, rewrite_bodies, table
from treadle.passes.flatten_matmul import swap_of_last_axes, transposed
from treadle.passes.patterns import is_elementwise
from treadle.passes.views import merge_reshapes, merge_transposes, trivial_view
from treadle.types import Shape


def run(graph: Graph) -> Graph:
    """The graph with fewer transposes and reshapes."""
    return _hoist(apply_rules(graph, _SINK))


def sink_transpose(g: Builder, node: Node) -> Node | None:
    """f(transpose(a), transpose(b), scalar) = transpose(f(a, b, scalar))."""
    views = [operand for operand in node.inputs if operand.type.rank]
    if not views or any(view.op != "transpose" for view in views):
        return None
    perms = {view.attrs["perm"] for view in views}
    if len(perms) > 1:
        return None
    operands = [operand.inputs[0] if operand.type.rank else operand for operand in node.inputs]
    return g.transpose(g.apply(node.op, *operands, **node.attrs), perm=perms.pop())


def sink_reshape(g: Builder, node: Node) -> Node | None:
    """f(reshape(a), reshape(b), c) = reshape(f(a, b, c)) where `c` lies along last axes that the reshape
    keeps.
    """
    views = [
        operand
        for operand in node.inputs
        if operand.op == "reshape" and operand.type.shape == node.type.shape
    ]
    sources = {view.inputs[0].type.shape for view in views}
    if len(sources) != 1:
        return None
    source = sources.pop()
    kept = _kept_axes(source, node.type.shape)
    others = [operand for operand in node.inputs if operand not in views]
    if any(operand.type.rank > kept for operand in others):
        return None
    operands = [operand.inputs[0] if operand in views else operand for operand in node.inputs]
    return g.reshape(g.apply(node.op, *operands, **node.attrs), shape=node.type.shape)


def _kept_axes(before: Shape, after: Shape) -> int:
    """How many last axes two shapes have in common."""
    count = 0
    for old, new in zip(reversed(before), reversed(after), strict=False):
        if old != new:
            break
        count += 1
    return count


def _hoist(graph: Graph) -> Graph:
    """transpose(f(a @ b, transpose(c))) = f(b' @ a', c), where nothing else needs what lies between."""
    nested = dce.run(rewrite_bodies(graph, _hoist))
    uses = Counter(operand.id for node in nested for operand in node.inputs)
    uses.update(node.id for node in nested.roots())
    chosen = {
        node.id
        for node in nested
        if node.op == "transpose" and _absorbs(node.inputs[0], node.attrs["perm"], uses, _DEPTH)
    }

    def rule(g: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        return _pushed_up(g, inputs[0], node.attrs["perm"]) if node.id in chosen else None

    return dce.run(rewrite(nested, rule)) if chosen else nested


def _absorbs(node: Node, perm: tuple[int, ...], uses: Counter[int], depth: int) -> bool:
    """Whether a transpose before all operands of the node costs nothing."""
    if node.type.rank == 0:
        return True
    if node.op == "transpose":
        return _inverse(node.attrs["perm"]) == perm
    if uses[node.id] > 1 or depth == 0:
        return False
    if node.op == "matmul":
        return perm == swap_of_last_axes(node.type.rank) and all(
            x.type.rank == len(perm) for x in node.inputs
        )
    if not is_elementwise(node) or any(0 < x.type.rank < len(perm) for x in node.inputs):
        return False
    return all(_absorbs(operand, perm, uses, depth - 1) for operand in node.inputs)


def _pushed_up(g: Builder, node: Node, perm: tuple[int, ...]) -> Node:
    """transpose(node), with the transpose before the operands."""
    if node.type.rank == 0:
        return node
    if node.op == "transpose":
        merged = tuple(node.attrs["perm"][axis] for axis in perm)
        source: Node = node.inputs[0]
        return source if merged == tuple(range(len(perm))) else g.transpose(source, perm=merged)
    if node.op == "matmul" and perm == swap_of_last_axes(node.type.rank):
        a, b = node.inputs
        return g.matmul(transposed(g, b), transposed(g, a))
    if is_elementwise(node) and all(operand.type.rank in {0, len(perm)} for operand in node.inputs):
        operands = [_pushed_up(g, operand, perm) for operand in node.inputs]
        return g.apply(node.op, *operands, **node.attrs)
    return g.transpose(node, perm=perm)


def _inverse(perm: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(perm.index(axis) for axis in range(len(perm)))


_DEPTH = 16
_ELEMENTWISE = [op.name for op in REGISTRY if op.is_elementwise]
_SINK = table(
    (("transpose", "reshape"), trivial_view),
    ("transpose", merge_transposes),
    ("reshape", merge_reshapes),
    (_ELEMENTWISE, sink_transpose),
    (_ELEMENTWISE, sink_reshape),
)
