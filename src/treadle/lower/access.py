"""What element rules share: operands that broadcast, conditions that indices lie inside a tensor,
guarded reads."""

from __future__ import annotations

from functools import reduce

from treadle.ir import Node
from treadle.loops import Const, Expr, Guard, Position
from treadle.loops.scalar import ScalarBuilder
from treadle.lower.emitter import Emitter, Indices

SCALAR = ScalarBuilder()


def paired(emitter: Emitter, operand: Node, indices: Indices) -> Expr:
    """An operand's element; axes are paired from the right."""
    return emitter.value(operand, indices[len(indices) - operand.type.rank :])


def within(emitter: Emitter, indices: Indices, shape: tuple[int, ...]) -> Expr | None:
    """The condition that indices lie inside a shape; None if they always do."""
    tests: list[Expr] = []
    for index, size in zip(indices, shape, strict=True):
        low, high = emitter.extremes(index)
        if low < 0:
            tests.append(SCALAR.ge(Position(index), 0))
        if high >= size:
            tests.append(SCALAR.lt(Position(index), size))
    return reduce(SCALAR.logical_and, tests) if tests else None


def guarded_value(
    emitter: Emitter, condition: Expr | None, node: Node, indices: Indices, otherwise: Const
) -> Expr:
    """The element of a node if a condition holds, else a constant; the element is not read otherwise."""
    if condition is None:
        return emitter.value(node, indices)
    named = emitter.let(condition)
    with emitter.guarded():
        value = emitter.value(node, indices)
    return Guard(named, value, otherwise)
