"""Limits that keep the expansion of any text within bounded time, memory and stack."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any

from treadle.errors import fail
from treadle.source import Span
from treadle.types import Dim, DimLike, TensorType

MAX_STEPS = 400_000  # evaluated expressions and statements: about two seconds
MAX_DEPTH = 2_500  # nested evaluations, over all calls
MAX_CALLS = 100  # nested calls of layers and functions
MAX_NODES = 30_000
MAX_LIST = 100_000
MAX_NESTING = 100  # of lists in lists
MAX_TEXT = 10_000
MAX_INT = 2**63 - 1
MAX_FORMULA = 300  # characters of the formula of a symbolic size
MAX_TERMS = 1_000  # of the product of all axes of a tensor
MAX_RANK = 32
MAX_DIMENSION = 2**40
MAX_ELEMENTS = 2**48
MAX_BYTES = 64 * 2**30  # one tensor whose size is known, or all parameters together
FRAMES_PER_LEVEL = 8  # Python frames that one nested evaluation takes at most
CALL_STEPS = 3  # what takes longer than the evaluation of an expression counts for several
OP_STEPS = 5
OPERANDS_PER_STEP = 2
ITEMS_PER_STEP = 16
VISITS_PER_STEP = 4
FATAL = frozenset({"E0905", "E0906", "E0907", "E0908", "E0909", "E0910"})  # going on would only repeat them


@dataclass
class Usage:
    """What was used up so far: time, in steps, and nodes."""

    steps: int = 0
    nodes: int = 0


_SHARED: ContextVar[Usage | None] = ContextVar("usage", default=None)


@contextmanager
def shared_budget() -> Iterator[None]:
    """All blocks that are expanded inside the `with` block have one allowance of steps and nodes."""
    token = _SHARED.set(Usage())
    try:
        yield
    finally:
        _SHARED.reset(token)


_SEQUENCES, _SIZES = (list, tuple), (int, Dim)  # made once: every value is held against them


class Budget:
    """Counts what the expansion of one block uses up."""

    def __init__(self) -> None:
        self.used = _SHARED.get() or Usage()
        self.depth = 0
        self.calls = 0
        self.leaf_bytes = 0

    def step(self, span: Span | None, count: int = 1) -> None:
        """Count one evaluation, or what takes as long as several.

        Raises:
            TreadleError: E0905 when there were too many.
        """
        self.used.steps += count
        if self.used.steps > MAX_STEPS:
            fail("E0905", f"expansion took more than {MAX_STEPS:,} steps", span)

    def node(self, span: Span | None) -> None:
        """Count one node of a graph.

        Raises:
            TreadleError: E0906 when there were too many.
        """
        self.used.nodes += 1
        if self.used.nodes > MAX_NODES:
            fail("E0906", f"the network and its training have more than {MAX_NODES:,} operations", span)

    def value(self, value: Any, span: Span) -> None:
        """Check and count a compile-time value; whatever is done with a list takes time by its length.

        Raises:
            TreadleError: E0904, E0905, E0907, E0910.
        """
        if isinstance(value, _SEQUENCES):
            self.step(span, _weight(value, span) // ITEMS_PER_STEP)
        elif isinstance(value, _SIZES):
            check_int(value, span)

    @contextmanager
    def call(self, name: str, span: Span) -> Iterator[None]:
        """Count one level of calls inside the `with` block."""
        if self.calls >= MAX_CALLS:
            hint = "what calls itself needs a condition that ends it"
            fail("E0909", f"`{name}` is called inside {MAX_CALLS} other calls", span, hint=hint)
        self.step(span, CALL_STEPS)
        self.calls += 1
        try:
            yield
        finally:
            self.calls -= 1

    def leaf(self, name: str, type_: TensorType, span: Span) -> None:
        """Count the memory of a parameter or state."""
        size = type_.size
        if isinstance(size, int):
            self.leaf_bytes += size * type_.dtype.itemsize
        if self.leaf_bytes > MAX_BYTES:
            fail("E0908", f"with `{name}`, parameters need more than {MAX_BYTES >> 30} GiB", span)


def check_size(type_: TensorType, span: Span | None) -> None:
    """Refuse tensors that could not be addressed or held.

    Raises:
        TreadleError: E0907, E0908 or E0912.
    """
    if type_.rank > MAX_RANK:
        fail("E0912", f"a tensor has {type_.rank:,} axes; at most {MAX_RANK} are possible", span)
    formulas = [dim for dim in type_.shape if isinstance(dim, Dim)]
    for dim in formulas:
        check_dim(dim, span)
    if prod(len(dim.terms) for dim in formulas) > MAX_TERMS:
        fail("E0907", f"the formula of the size of {type_} has more than {MAX_TERMS:,} terms", span)
    known = [dim for dim in type_.shape if isinstance(dim, int)]
    if any(dim > MAX_DIMENSION for dim in known):
        fail("E0907", f"an axis of {type_} has more than {MAX_DIMENSION:,} elements", span)
    size = prod(known)
    if size > MAX_ELEMENTS:
        fail("E0907", f"{type_} has more than {MAX_ELEMENTS:,} elements", span)
    if size * type_.dtype.itemsize > MAX_BYTES:
        fail("E0908", f"{type_} alone needs more than {MAX_BYTES >> 30} GiB", span)


def check_int(value: DimLike, span: Span) -> DimLike:
    """`value` unless it is an integer outside 64 bits (E0904) or an overlong formula of sizes (E0907)."""
    if isinstance(value, int) and not -MAX_INT - 1 <= value <= MAX_INT:
        fail("E0904", "the result is an integer outside 64 bits", span)
    check_dim(value, span)
    return value


def check_dim(value: DimLike, span: Span | None) -> None:
    """Refuse sizes that are too large, or whose formula is too long (E0907)."""
    if isinstance(value, Dim):
        length, factor = _extent(value)
        if length > MAX_FORMULA:
            fail("E0907", f"the formula of a size has more than {MAX_FORMULA} characters", span)
        if factor > MAX_DIMENSION:
            fail("E0907", f"the size {value} has a factor above {MAX_DIMENSION:,}", span)


@lru_cache(maxsize=1024)
def _extent(dim: Dim) -> tuple[int, int]:
    """The length of the formula and its largest factor."""
    return len(str(dim)), max(abs(factor) for _, factor in dim.terms)


def check_text(text: str, span: Span) -> str:
    """`text` unless it is overlong (E0911)."""
    if len(text) > MAX_TEXT:
        fail("E0911", f"a string of more than {MAX_TEXT:,} characters", span)
    return text


def check_length(length: int, span: Span) -> None:
    """Refuse overlong compile-time lists (E0910)."""
    if length > MAX_LIST:
        fail("E0910", f"a list of {length:,} elements exceeds the limit of {MAX_LIST:,}", span)


def _weight(value: Sequence[Any], span: Span) -> int:
    """The number of elements, those of lists in it included."""
    count, depth, level = 0, 0, [value]
    while level:
        count += sum(len(items) for items in level)
        depth += 1
        check_length(count, span)
        if depth > MAX_NESTING:
            fail("E0910", f"lists are nested more than {MAX_NESTING} levels deep", span)
        level = [item for items in level for item in items if isinstance(item, list | tuple)]
    return count


@contextmanager
def deep_stack() -> Iterator[None]:
    """Allow Python the recursion that `MAX_DEPTH` nested evaluations need."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, MAX_DEPTH * FRAMES_PER_LEVEL))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
