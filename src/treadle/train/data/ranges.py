"""Index ranges: integer inputs of a graph that number the rows of a table or the places of a one-hot vector.

Input: a model's graph and columns. Numbers out of range would be clamped or ignored silently, so they are
refused here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from treadle.errors import fail
from treadle.ir import Graph, Node
from treadle.train.data.columns import Spans
from treadle.train.data.table import Array

_TRANSPARENT = frozenset({"reshape", "cast", "broadcast_to", "transpose", "slice"})


def index_limits(graph: Graph) -> dict[str, int]:
    """For each input that is compared with 0, 1, ... or that selects rows: the number it must stay below."""
    limits: dict[str, int] = {}
    for node in graph:
        found = _limit(node)
        if found is not None:
            name, limit = found
            limits[name] = min(limit, limits.get(name, limit))
    return limits


def check_indices(columns: Mapping[str, Array], limits: Mapping[str, int], where: str, spans: Spans) -> None:
    """Compares columns with limits.

    Raises:
        TreadleError: E0709 with the first wrong number and its row.
    """
    for name, limit in limits.items():
        array = columns.get(name)
        if array is None or array.dtype.kind not in "iu":
            continue
        numbers = array.astype(np.int64).reshape(len(array), -1)
        wrong = np.flatnonzero(((numbers < 0) | (numbers >= limit)).any(axis=1))
        if len(wrong):
            value = array[wrong[0]].tolist()
            fail(
                "E0709",
                f"`{name}` of {where}: expected 0 to {limit - 1}, found {value} in row {wrong[0] + 1}",
                spans.of(name),
            )


def _limit(node: Node) -> tuple[str, int] | None:
    if node.op == "eq":
        for one, other in (node.inputs, node.inputs[::-1]):
            name, limit = _input_behind(one), _length_behind(other)
            if name is not None and limit is not None:
                return name, limit
    if node.op == "take":
        name, size = _input_behind(node.inputs[1]), node.inputs[0].type.shape[node.attrs["axis"]]
        if name is not None and isinstance(size, int):
            return name, size
    return None


def _input_behind(node: Node) -> str | None:
    while node.op in _TRANSPARENT:
        node = node.inputs[0]
    return str(node.attrs["name"]) if node.op == "input" and node.type.dtype.is_int else None


def _length_behind(node: Node) -> int | None:
    while node.op in _TRANSPARENT:
        node = node.inputs[0]
    size = node.type.shape[node.attrs["axis"]] if node.op == "iota" else None
    return size if isinstance(size, int) else None
