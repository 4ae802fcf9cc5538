"""Making kernels independent of shapes: numbers in indices become size parameters.

Input: a kernel body with numbers. Output: the same structure over `Size` parameters, numbered in order of
appearance, and their values. Variables are renamed in order of appearance, too, so that equal structures
are equal kernels. 0 and 1 stay, small strides (which decide how a loop vectorises), and so do the extents
of unrolled loops.
"""

from __future__ import annotations

from dataclasses import replace

from treadle.loops.index import Index, Size, SizeLike, number
from treadle.loops.kernel import BufferParam, For, If, Kernel, Kind, Statement
from treadle.loops.rename import rename_variables
from treadle.loops.transform import map_expr, map_indices

WIDEST_LITERAL_STEP = 3  # distances of neighbours that vector units can load together, if they know them


class _Numbering:
    def __init__(self) -> None:
        self.values: list[int] = []

    def size(self, value: SizeLike) -> SizeLike:
        if number(value) in {0, 1}:
            return value
        self.values.append(number(value))
        return Size(len(self.values) - 1)

    def factor(self, value: SizeLike) -> SizeLike:
        return value if abs(number(value)) <= WIDEST_LITERAL_STEP else self.size(value)

    def index(self, index: Index) -> Index:
        terms = tuple((name, self.factor(factor)) for name, factor in index.terms)
        return Index(self.size(index.offset), terms)


def abstract_sizes(
    name: str, buffers: tuple[BufferParam, ...], body: tuple[Statement, ...]
) -> tuple[Kernel, tuple[int, ...]]:
    """The kernel over size parameters, and the values of the parameters."""
    numbering = _Numbering()
    body = rename_variables(body)
    statements = tuple(_abstract(statement, numbering) for statement in body)
    params = tuple(
        param if param.part_stride is None else replace(param, part_stride=numbering.size(param.part_stride))
        for param in buffers
    )
    return Kernel(name, params, len(numbering.values), statements), tuple(numbering.values)


def _abstract(statement: Statement, numbering: _Numbering) -> Statement:
    if isinstance(statement, For):
        start, stops = statement.start, statement.stops
        if statement.kind is not Kind.UNROLL:
            start, stops = numbering.index(start), tuple(map(numbering.index, stops))
        body = tuple(_abstract(inner, numbering) for inner in statement.body)
        return replace(statement, start=start, stops=stops, body=body)
    if isinstance(statement, If):
        condition = map_expr(statement.condition, numbering.index)
        return replace(
            statement, condition=condition, body=tuple(_abstract(s, numbering) for s in statement.body)
        )
    return map_indices(statement, numbering.index)
