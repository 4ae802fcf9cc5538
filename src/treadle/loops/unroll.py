"""Writing out tiny loops: innermost loops of a few iterations inside longer ones are marked `UNROLL`.

The loop around them then is the one that vectorises (a 2x2 pooling window inside a row of pixels). Works on
kernels under construction.
"""

from __future__ import annotations

from dataclasses import replace

from treadle.loops.kernel import For, If, Kind, Statement

LONGEST = 3
MOST_COPIES = 9


def unroll_small(body: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """The statements with all tiny inner loops marked; a loop that stands alone stays a loop."""
    return tuple(_inside(statement, surrounded=False) for statement in body)


def _inside(statement: Statement, *, surrounded: bool) -> Statement:
    if isinstance(statement, If):
        return replace(statement, body=tuple(_inside(s, surrounded=surrounded) for s in statement.body))
    if not isinstance(statement, For):
        return statement
    long = not _is_short(statement)
    loop = replace(statement, body=tuple(_inside(s, surrounded=surrounded or long) for s in statement.body))
    return replace(loop, kind=Kind.UNROLL) if surrounded and _copies(loop) <= MOST_COPIES else loop


def _is_short(loop: For) -> bool:
    return isinstance(loop.extent, int) and loop.extent <= LONGEST and loop.kind is not Kind.SERIAL


def _copies(loop: For) -> int:
    """How many copies of the innermost body unrolling would write; too many if a loop inside stays a loop."""
    if not _is_short(loop) or not isinstance(loop.extent, int):
        return MOST_COPIES + 1
    inner = [statement for statement in loop.body if isinstance(statement, For)]
    if any(statement.kind is not Kind.UNROLL for statement in inner):
        return MOST_COPIES + 1
    return loop.extent * max((_copies(statement) for statement in inner), default=1)
