"""Limits that keep the expansion of any text within bounded time, memory and stack."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from treadle.errors import fail
from treadle.source import Span
from treadle.types import DimLike, TensorType

MAX_STEPS = 500_000  # evaluated expressions and statements: about two seconds
MAX_DEPTH = 2_500  # nested evaluations, over all calls
MAX_CALLS = 100  # nested calls of layers and functions
MAX_NODES = 100_000
MAX_LIST = 100_000
MAX_TEXT = 10_000
MAX_INT = 2**63 - 1
MAX_FORMULA = 300  # characters of the formula of a symbolic size
MAX_DIMENSION = 2**40
MAX_ELEMENTS = 2**48
MAX_BYTES = 64 * 2**30  # one tensor whose size is known, or all parameters together
FRAMES_PER_LEVEL = 8  # Python frames that one nested evaluation takes at most


class Budget:
    """Counts what the expansion of one block has used up."""

    def __init__(self) -> None:
        self.steps = 0
        self.depth = 0
        self.calls = 0
        self.nodes = 0
        self.leaf_bytes = 0

    def step(self, span: Span) -> None:
        """Count one evaluation.

        Raises:
            TreadleError: E0905 when there were too many.
        """
        self.steps += 1
        if self.steps > MAX_STEPS:
            fail("E0905", f"expansion took more than {MAX_STEPS:,} steps", span)

    def node(self, span: Span | None) -> None:
        """Count one node of a graph."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            fail("E0906", f"the network has more than {MAX_NODES:,} operations", span)

    @contextmanager
    def call(self, name: str, span: Span) -> Iterator[None]:
        """Count one level of calls inside the `with` block."""
        if self.calls >= MAX_CALLS:
            fail("E0909", f"`{name}` is the {MAX_CALLS + 1}th call inside a call", span)
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
        TreadleError: E0907 or E0908.
    """
    for dim in type_.shape:
        check_dim(dim, span)
        if isinstance(dim, int) and dim > MAX_DIMENSION:
            fail("E0907", f"an axis of {type_} has more than {MAX_DIMENSION:,} elements", span)
    size = type_.size
    if isinstance(size, int) and size > MAX_ELEMENTS:
        fail("E0907", f"{type_} has more than {MAX_ELEMENTS:,} elements", span)
    if isinstance(size, int) and size * type_.dtype.itemsize > MAX_BYTES:
        fail("E0908", f"{type_} alone needs more than {MAX_BYTES >> 30} GiB", span)


def check_int(value: DimLike, span: Span) -> DimLike:
    """`value` unless it is an integer outside 64 bits (E0904) or an overlong formula of sizes (E0907)."""
    if isinstance(value, int) and not -MAX_INT - 1 <= value <= MAX_INT:
        fail("E0904", "the result is an integer outside 64 bits", span)
    check_dim(value, span)
    return value


def check_dim(value: DimLike, span: Span | None) -> None:
    """Refuse sizes that are too large, or whose formula is too long (E0907)."""
    if not isinstance(value, int) and len(str(value)) > MAX_FORMULA:
        fail("E0907", f"the formula of a size has more than {MAX_FORMULA} characters", span)


def check_text(text: str, span: Span) -> str:
    """`text` unless it is overlong (E0911)."""
    if len(text) > MAX_TEXT:
        fail("E0911", f"a string of more than {MAX_TEXT:,} characters", span)
    return text


def check_length(length: int, span: Span) -> None:
    """Refuse overlong compile-time lists (E0910)."""
    if length > MAX_LIST:
        fail("E0910", f"a list of {length:,} elements exceeds the limit of {MAX_LIST:,}", span)


@contextmanager
def deep_stack() -> Iterator[None]:
    """Allow Python the recursion that `MAX_DEPTH` nested evaluations need."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, MAX_DEPTH * FRAMES_PER_LEVEL))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
