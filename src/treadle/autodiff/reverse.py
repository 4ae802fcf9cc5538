"""The reverse sweep: gradients of a node as further nodes of the same graph.

Input: a builder, nodes to differentiate and nodes to differentiate in. Output: nodes. What is differentiated
must not depend on `grad` nodes. Rules of single ops are in `OpDef.vjp`; the rule of loops is in `scan`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from treadle.autodiff.scan import scan_vjp
from treadle.errors import fail
from treadle.ir import Builder, Node
from treadle.ops import REGISTRY
from treadle.ops.opdef import OpDef
from treadle.types import TensorType


def gradients(g: Builder, y: Node, xs: Sequence[Node]) -> list[Node]:
    """The derivatives of the number `y` in `xs`, of their types; zeros where y does not depend on x.

    Raises:
        TreadleError: E1101 when an op on the way has no derivative rule; the message names the file to edit.
    """
    return pull_back(g, [(y, g.constant(1.0, y.type.dtype))], xs)


def pull_back(g: Builder, cotangents: Sequence[tuple[Node, Node]], xs: Sequence[Node]) -> list[Node]:
    """The derivatives in `xs` of the sum of `y * cotangent` over all pairs: vector-Jacobian products.

    A derivative is built at the place (layer path and span) of the node that it belongs to.
    """
    sweep = _Sweep(g)
    path = g.graph.descendants(xs) & g.graph.ancestors([y for y, _ in cotangents])
    for y, cotangent in cotangents:
        if y.id in path:
            sweep.add(y, cotangent)
    for node_id in sorted(path, reverse=True):
        node = g.graph[node_id]
        wanted = [slot for slot, operand in enumerate(node.inputs) if operand.id in path]
        with g.at(node.span, node.scope):
            sweep.through(node, wanted)
    return [sweep.total(x) for x in xs]


class _Sweep:
    """The gradients found so far."""

    def __init__(self, g: Builder) -> None:
        self._g = g
        self._totals: dict[int, Node] = {}
        self._results: defaultdict[int, dict[int, Node]] = defaultdict(dict)  # of nodes with several results

    def add(self, node: Node, grad: Node) -> None:
        """One more contribution to the gradient of a node; broadcasting is undone here, for all ops."""
        fitted = fit(self._g, grad, node.type)
        known = self._totals.get(node.id)
        self._totals[node.id] = fitted if known is None else self._g.add(known, fitted)

    def total(self, x: Node) -> Node:
        """The whole gradient of a node."""
        return self._totals[x.id] if x.id in self._totals else zeros_like(self._g, x.type)

    def through(self, node: Node, wanted: Sequence[int]) -> None:
        """Passes the gradient of a node on to the wanted ones of its operands."""
        if not wanted or (node.id not in self._totals and node.id not in self._results):
            return
        if node.op == "item":
            slots = self._results[node.inputs[0].id]
            grad, index = self._totals[node.id], node.attrs["index"]
            slots[index] = self._g.add(slots[index], grad) if index in slots else grad
            return
        grads = self._operand_grads(node, wanted)
        for slot in wanted:
            if grads[slot] is not None and node.inputs[slot].type.dtype.is_float:
                self.add(node.inputs[slot], grads[slot])

    def _operand_grads(self, node: Node, wanted: Sequence[int]) -> Sequence[Any]:
        if node.op == "scan":
            return scan_vjp(self._g, node, self._results[node.id], wanted, pull_back)
        op = REGISTRY[node.op]
        if op.vjp is not None:
            return op.vjp(self._g, node, self._totals[node.id])
        if "nondiff" not in op.traits:
            _missing_rule(op, node)
        return [None] * len(node.inputs)


def zeros_like(g: Builder, type_: TensorType) -> Node:
    """Zeros of a type."""
    return g.constant(0.0, type_.dtype, type_.shape)


def fit(g: Builder, grad: Node, type_: TensorType) -> Node:
    """A gradient in the shape of its operand: sums over axes that were broadcast, repeats missing ones."""
    extra = grad.type.rank - type_.rank
    repeated = [axis for axis in range(grad.type.rank) if _is_repeated(grad.type, type_, axis, extra)]
    kept = tuple(1 if axis in repeated else size for axis, size in enumerate(grad.type.shape))
    if repeated:
        grad = g.sum(grad, axes=tuple(repeated), keepdims=extra <= 0)
    if extra > 0 and len(repeated) > extra:
        grad = g.reshape(grad, shape=kept[extra:])
    return grad if grad.type == type_ else g.broadcast_to(grad, shape=type_.shape)


def _is_repeated(grad: TensorType, type_: TensorType, axis: int, extra: int) -> bool:
    return axis < extra or (type_.shape[axis - extra] == 1 and grad.shape[axis] != 1)


def _missing_rule(op: OpDef, node: Node) -> NoReturn:
    rules: Iterable[Any] = (op.scalar, op.decompose, op.reference, op.infer)
    modules = [rule.__module__ for rule in rules if rule is not None]
    module = next(name for name in modules if name.startswith("treadle.ops"))
    path = f"src/{module.replace('.', '/')}.py"
    message = f'the op `{op.name}` has no derivative rule; give it a `vjp` in {path}, or the trait "nondiff"'
    fail("E1101", message, node.span)
