"""Element rules of elementwise ops and of values that need no operand.

An op's own scalar formula is its rule, so that a new elementwise op needs nothing here.
"""

from __future__ import annotations

from treadle.ir import Node
from treadle.loops import Call, Expr, Guard, Position
from treadle.loops.expr import children
from treadle.loops.scalar import literal
from treadle.lower.access import SCALAR, paired
from treadle.lower.emitter import RULES, Emitter, Indices, Rule, rule
from treadle.ops import REGISTRY
from treadle.types import DType

_MANY_USES = 3  # of an operand in a formula, from which on it is named


def _elementwise(op: str) -> Rule:
    formula = REGISTRY[op].scalar
    if formula is None:
        raise TypeError(f"elementwise op {op} has no scalar formula; give it one in src/treadle/ops/")

    def element(emitter: Emitter, node: Node, indices: Indices) -> Expr:
        operands = [paired(emitter, operand, indices) for operand in node.inputs]
        if op in {"eq", "ne"}:
            operands = _narrowed(emitter, operands)
        operands = _invariants_named(emitter, operands)
        value: Expr = formula(SCALAR, *operands, **node.attrs)
        if any(isinstance(operand, Call) and _uses(value, operand) > _MANY_USES for operand in operands):
            value = formula(SCALAR, *map(emitter.let, operands), **node.attrs)
        return value

    return element


def _uses(value: Expr, operand: Expr) -> int:
    """How often a formula has the text of an operand in it; what is inside operands does not count."""
    return 1 if value is operand else sum(_uses(child, operand) for child in children(value))


def _narrowed(emitter: Emitter, operands: list[Expr]) -> list[Expr]:
    """A stored position and a loop's own are compared in the stored one's narrower type, in which both
    fit."""
    for stored, own in (operands, operands[::-1]):
        if isinstance(stored, Call) and stored.function == "cast" and isinstance(own, Position):
            narrow = stored.operands[0]
            low, high = emitter.extremes(own.index)
            if narrow.dtype in _HIGHEST and low >= 0 and high <= _HIGHEST[narrow.dtype]:
                return [narrow, SCALAR.cast(own, narrow.dtype)]
    return operands


_HIGHEST = {DType.I32: 2**31 - 1}


def _invariants_named(emitter: Emitter, operands: list[Expr]) -> list[Expr]:
    """Names operands that depend on fewer loops than others, so that they are computed outside of the
    inner ones."""
    depths = [emitter.depth(operand) for operand in operands]
    deepest = max(depths)
    return [
        emitter.let(operand) if depth < deepest and isinstance(operand, Call | Guard) else operand
        for operand, depth in zip(operands, depths, strict=True)
    ]


for _op in REGISTRY:
    if _op.is_elementwise:
        RULES[_op.name] = _elementwise(_op.name)


@rule("const")
def _const(_emitter: Emitter, node: Node, _indices: Indices) -> Expr:
    return literal(node.attrs["value"], node.type.dtype)


@rule("iota")
def _iota(_emitter: Emitter, node: Node, indices: Indices) -> Expr:
    return SCALAR.cast(Position(indices[node.attrs["axis"]]), node.type.dtype)
