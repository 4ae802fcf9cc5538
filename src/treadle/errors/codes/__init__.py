"""The registry of diagnostic codes, one family of a hundred per module.

To add a code: add a `CodeInfo` row to the family's module. A code is never reused for another meaning.
"""

from __future__ import annotations

from itertools import chain

from treadle.errors.codes import (
    checkpoints,
    commands,
    compile_time,
    data,
    exchange,
    internal,
    limits,
    lint,
    names,
    shapes,
    state,
    syntax,
    train,
    uses,
)
from treadle.errors.codes.info import CodeInfo

_FAMILIES = (
    syntax,
    shapes,
    names,
    compile_time,
    state,
    train,
    data,
    checkpoints,
    limits,
    commands,
    internal,
    uses,
    lint,
    exchange,
)

CODES: dict[str, CodeInfo] = {
    info.code: info for info in chain.from_iterable(family.CODES for family in _FAMILIES)
}

__all__ = ["CODES", "CodeInfo"]
