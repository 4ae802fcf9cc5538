"""Pass: stacks of small matrix products become one large product where a stack is not needed.

`a[..., M, K] @ b[K, N]` is one product with all rows of `a`; a sum over a stack of products (the gradient of
`b`) is one product with a longer inner dimension. Runs before differentiation too, so that gradients are
large products at once. Input: any graph. Non-goals: products in scans (`scan_hoist`, `scan_sink`).
"""

from __future__ import annotations

from treadle.ir import Builder, Graph, Node
from treadle.passes.bodies import RuleTable, apply_rules, table
from treadle.passes.patterns import reshaped
from treadle.types.tensor import shape_size


def run(graph: Graph) -> Graph:
    """The graph with large matrix products."""
    return apply_rules(graph, RULES)


def rows_of_stack(g: Builder, node: Node) -> Node | None:
    """a[..., M, K] @ b[K, N] as one product of [... * M, K] and [K, N]; not if `a` is a transpose, which
    would be copied.
    """
    a, b = node.inputs
    if a.type.rank == 2 or b.type.rank != 2 or a.op == "transpose":
        return None
    return _product(g, a, b)


def transposed_rows(g: Builder, node: Node) -> Node | None:
    """transpose(a) @ b = transpose(a @ b) where the transpose only reorders the rows."""
    a, b = node.inputs
    if a.op != "transpose" or b.type.rank != 2 or a.attrs["perm"][-1] != a.type.rank - 1:
        return None
    return g.transpose(_product(g, a.inputs[0], b), perm=a.attrs["perm"])


def sum_of_stack(g: Builder, node: Node) -> Node | None:
    """sum(a[B, M, K] @ b[B, K, N]) over B as one product of [M, B * K] and [B * K, N]."""
    product = node.inputs[0]
    if product.op != "matmul" or node.attrs["axes"] != tuple(range(product.type.rank - 2)):
        return None
    a, b = product.inputs
    if not node.attrs["axes"] or a.type.shape[:-2] != b.type.shape[:-2]:
        return None
    return reshaped(g, contract_stack(g, a, b), node.type.shape)


def _product(g: Builder, a: Node, b: Node) -> Node:
    """a[..., M, K] @ b[K, N] with all rows of `a` under each other."""
    shape = a.type.shape
    rows = reshaped(g, a, (shape_size(shape[:-1]), shape[-1]))
    return reshaped(g, g.matmul(rows, b), (*shape[:-1], b.type.shape[-1]))


def contract_stack(g: Builder, a: Node, b: Node) -> Node:
    """The sum of a[..., M, K] @ b[..., K, N] over the leading axes, [M, N]."""
    columns = transposed(g, a)  # (..., K, M)
    inner = shape_size(columns.type.shape[:-1])
    left = reshaped(g, columns, (inner, columns.type.shape[-1]))
    right = reshaped(g, b, (inner, b.type.shape[-1]))
    return g.matmul(g.transpose(left, perm=(1, 0)), right)


def transposed(g: Builder, node: Node) -> Node:
    """The node with its last two axes exchanged; undoes such an exchange instead of adding another."""
    perm = swap_of_last_axes(node.type.rank)
    if node.op == "transpose" and node.attrs["perm"] == perm:
        return node.inputs[0]
    return g.transpose(node, perm=perm)


def swap_of_last_axes(rank: int) -> tuple[int, ...]:
    """The permutation that exchanges the last two of `rank` axes."""
    return (*range(rank - 2), rank - 1, rank - 2)


RULES: RuleTable = table(("matmul", rows_of_stack), ("matmul", transposed_rows), ("sum", sum_of_stack))
