"""Where a NaN or an infinity comes from: the first node that made one of finite operands.

Input: nodes of a graph whose values went wrong, arrays for its inputs, params and states. Output: an
`Origin`. The search walks from the wrong values to their operands, so that infinities that do no harm, such
as those of a mask, are not blamed. Non-goals: speed; what a person is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from treadle.backends.numpy_ref.interpreter import Interpreter, Loop
from treadle.backends.protocol import Array
from treadle.ir import Node

_GIVEN = frozenset({"const", "table"})  # an infinity written in a spec is meant, unless nothing else is wrong


@dataclass(frozen=True)
class Origin:
    """The node that was first.

    Attributes:
        operands, result: its values; the results of a node with several are those that are not finite.
        index: which step of a loop it was, from 0.
        other: the node that made a NaN of an infinity which was written in the spec or made by `node`.
    """

    node: Node
    operands: tuple[Array, ...]
    result: Array
    index: int | None = None
    other: Node | None = None


def find_origin(roots: Sequence[Node], values: Mapping[str, Any]) -> Origin | None:
    """The origin of what is not finite in the values of some nodes; None when all of them are finite.

    Raises:
        KeyError: when a value is missing.
    """
    known = Interpreter(list(roots)).all_values(values)
    wrong = [node for node in roots if not _is_finite(known[node.id])]
    if not wrong:
        return None
    return _described(*_first(wrong, known), known)


def _first(wrong: Sequence[Node], known: Mapping[int, Any]) -> tuple[Node, Node | None]:
    """The node to blame, and the one that made a NaN of its infinity."""
    nans = _births(wrong, known, _has_nan)
    if not nans:
        return _births(wrong, known, _has_infinity)[0], None
    birth = nans[0]
    infinities = _births(birth.inputs, known, _has_infinity)
    made = [node for node in infinities if node.op not in _GIVEN]
    if made:
        return made[0], birth
    return birth, infinities[0] if infinities else None


def _births(nodes: Sequence[Node], known: Mapping[int, Any], has: Callable[[Any], bool]) -> list[Node]:
    """The nodes above, in order, that have something that none of their operands has."""
    seen: dict[int, Node] = {}
    stack = [node for node in nodes if has(known[node.id])]
    births: dict[int, Node] = {}
    while stack:
        node = stack.pop()
        if node.id in seen:
            continue
        seen[node.id] = node
        above = [operand for operand in node.inputs if has(known[operand.id])]
        if not above:
            births[node.id] = node
        stack.extend(above)
    return [births[number] for number in sorted(births)]


def _described(node: Node, other: Node | None, known: Mapping[int, Any]) -> Origin:
    operands = tuple(known[operand.id] for operand in node.inputs)
    if node.op == "scan":
        inner = _in_loop(node, operands)
        if inner is not None:
            return replace(inner, other=other or inner.other)
    result = known[node.id]
    if isinstance(result, tuple):
        result = next((part for part in result if not _is_finite(part)), result[0])
    return Origin(
        node, tuple(np.asarray(one) for one in operands if not isinstance(one, tuple)), result, None, other
    )


def _in_loop(node: Node, operands: Sequence[Any]) -> Origin | None:
    """The origin in the first step of a loop that goes wrong."""
    outputs = list(node.attrs["body"].outputs.values())
    for index, values, results in Loop(node).steps(*operands):
        if not all(_is_finite(result) for result in results):
            found = find_origin(outputs, values)
            return None if found is None else replace(found, index=index)
    return None


def _is_finite(value: Any) -> bool:
    return not (_has_nan(value) or _has_infinity(value))


def _has_nan(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(_has_nan, value))
    array = np.asarray(value)
    return array.dtype.kind == "f" and bool(np.isnan(array).any())


def _has_infinity(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(_has_infinity, value))
    array = np.asarray(value)
    return array.dtype.kind == "f" and bool(np.isinf(array).any())
