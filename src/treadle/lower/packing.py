"""Preparing right operands of products that a loop uses again and again.

Input: calls. Output: the same calls, in which products inside a loop whose right operand the loop does not
change read a prepared copy, made by a `PackCall` before the loop. What the copy looks like, and its size,
is the target's business; targets that gain nothing by it do not call this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from treadle.lower.plan import Call, LoopCall, MatmulCall, PackCall, touched
from treadle.lower.storage import Buffer, BufferKind

Size = Callable[[MatmulCall], int]


def hoist_packing(calls: Sequence[Call], elements: Size) -> list[Call]:
    """The calls with packing moved in front of the outermost loop that allows it.

    `elements` tells the size of the prepared copy of a product's right operand.
    """
    return [new for call in calls for new in _visit(call, elements)]


def _visit(call: Call, elements: Size) -> list[Call]:
    if not isinstance(call, LoopCall):
        return [call]
    written = touched(call)[1]
    before: list[Call] = []
    body: list[Call] = []
    for inner in hoist_packing(call.body, elements):
        if isinstance(inner, MatmulCall) and inner.packed is None and _is_invariant(inner, call, written):
            packed = Buffer("packed", inner.dtype, elements(inner), BufferKind.ARENA)
            before.append(PackCall(inner, packed))
            body.append(replace(inner, packed=packed))
        elif isinstance(inner, PackCall) and _is_invariant(inner.product, call, written):
            before.append(inner)
        else:
            body.append(inner)
    return [*before, replace(call, body=tuple(body))]


def _is_invariant(product: MatmulCall, loop: LoopCall, written: set[Buffer]) -> bool:
    """Whether all iterations of a loop use the same right operand."""
    moves = any(number == loop.number and step for number, step in product.b.moves)
    return not moves and product.b.buffer not in written
