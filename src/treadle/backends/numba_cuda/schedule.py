"""The schedule for GPUs: how a kernel's loops become a grid of blocks, warps and lanes.

Input: a kernel and its sizes. Output: a `Schedule`, chosen by this table (rows: iterations of the nested
outer parallel loops; length: iterations inside a row that lanes can share out):

    FLAT     length <= 4, or nothing to share out     a thread for each row, neighbours side by side
    COLUMNS  neighbouring rows lie side by side       32 rows a block, up to 32 lanes for each
    WARP     length <= 1024                           a warp for each row
    BLOCK    longer rows, or few of them              a block for each row
    WHOLE    no outer loop                            one block; one thread (FLAT) if nothing can be shared

Results depend on sizes only, never on the device: every sum is added in a fixed order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from math import prod

from treadle.backends.numba_cuda.structure import SHORT, Structure, accesses, peel
from treadle.loops import For, If, Kernel, Kind, Let, Statement
from treadle.loops.kernel import walk_statements

WARP_SIZE = 32
FLAT_THREADS = 256
LONGEST_WARP_ROW = 1024
FEW_ROWS = 264  # two blocks for each multiprocessor of a large GPU
SHARED_LIMIT = 48 * 1024
MOST_SHARED = 96 * 1024
VECTOR_FROM = 65536  # elements from which fewer, wider threads still fill the device
WIDTH = 4
MANY_BUFFERS = 8


class Shape(Enum):
    """How rows are dealt out."""

    FLAT = "flat"
    COLUMNS = "columns"
    WARP = "warp"
    BLOCK = "block"
    WHOLE = "whole"


@dataclass(frozen=True)
class Schedule:
    """A kernel's place on the device.

    Attributes:
        lets: values between the outer loops.
        rows: the outer loops; their iterations are dealt out to teams.
        core: what a team does for a row.
        teams: rows of a block at once.
        lanes: threads of a team.
        vector: neighbours that a thread of `FLAT` handles.
        scratch: bytes of a team's own memory, in shared memory if `in_shared`.
    """

    shape: Shape
    lets: tuple[Let, ...]
    rows: tuple[For, ...]
    core: tuple[Statement, ...]
    teams: int
    lanes: int
    vector: int = 1
    scratch: int = 0
    in_shared: bool = True

    @property
    def threads(self) -> int:
        """Threads of a block."""
        return self.teams * self.lanes


def choose(kernel: Kernel, structure: Structure, moves: Sequence[Sequence[int]]) -> Schedule:
    """The schedule of a kernel."""
    lets, rows, core = peel(kernel.body)
    count = prod(structure.value(loop.stops[0].offset) for loop in rows)
    length = structure.longest(core)
    scratch = scratch_bytes(kernel, structure)
    if not rows and not length and not scratch:
        return Schedule(Shape.FLAT, lets, (), core, WARP_SIZE, 1)
    if not rows:
        threads = block_threads(length, len(kernel.buffers)) if length > SHORT or scratch else WARP_SIZE
        return Schedule(Shape.WHOLE, lets, (), core, 1, threads, 1, scratch, scratch <= MOST_SHARED)
    if not scratch and _neighbours(structure, rows[-1], core, length):
        return _columns(structure, lets, rows, core, count, length)
    if length <= SHORT and not scratch:
        vector = flat_vector(structure, rows, core, count, moves)
        return Schedule(Shape.FLAT, lets, rows, core, FLAT_THREADS, 1, vector)
    return _rows(kernel, (lets, rows, core), count, length, scratch)


def scratch_bytes(kernel: Kernel, structure: Structure) -> int:
    """Bytes of scratch that a team needs: parts begin at multiples of 16 bytes."""
    return sum(
        structure.value(param.part_stride) * param.dtype.itemsize
        for param in kernel.buffers
        if param.part_stride is not None
    )


def block_threads(length: int, buffers: int) -> int:
    """Threads that share out this many iterations; fewer where many values want registers."""
    if buffers > MANY_BUFFERS:
        length = min(length, 4 * 512)
    return next((n for n in (64, 128, 256, 512) if length <= 4 * n), 1024)


def _rows(
    kernel: Kernel,
    parts: tuple[tuple[Let, ...], tuple[For, ...], tuple[Statement, ...]],
    count: int,
    length: int,
    scratch: int,
) -> Schedule:
    few = count < FEW_ROWS and length > 4 * WARP_SIZE
    if length <= LONGEST_WARP_ROW and not few and scratch <= SHARED_LIMIT:
        teams = next(
            n for n in (8, 4, 2, 1) if n == 1 or (count >= FEW_ROWS * n and n * scratch <= SHARED_LIMIT)
        )
        return Schedule(Shape.WARP, *parts, teams, WARP_SIZE, 1, scratch)
    threads = block_threads(length, len(kernel.buffers))
    return Schedule(Shape.BLOCK, *parts, 1, threads, 1, scratch, scratch <= MOST_SHARED)


def _columns(
    structure: Structure,
    lets: tuple[Let, ...],
    rows: tuple[For, ...],
    core: tuple[Statement, ...],
    count: int,
    length: int,
) -> Schedule:
    if length < WARP_SIZE or structure.extent(rows[-1]) is None:
        return Schedule(Shape.FLAT, lets, rows, core, FLAT_THREADS, 1)
    few = next((lanes for lanes in (8, 16) if length <= 16 * lanes), 32)
    lanes = 8 if count >= FEW_ROWS * WARP_SIZE else few
    return Schedule(Shape.COLUMNS, lets, rows, core, WARP_SIZE, lanes)


def _neighbours(structure: Structure, row: For, core: tuple[Statement, ...], length: int) -> bool:
    """Whether neighbouring rows, rather than neighbouring iterations inside a row, lie side by side."""
    simple = all(not isinstance(s, If) and not _is_serial(structure, s) for s in walk_statements(core))
    if not simple or length <= SHORT:
        return False
    beside = along = 0
    for loop in structure.shared_loops(core):
        inner = structure.chain(loop)[-1].variable
        for access in accesses((loop,)):
            factors = dict(access.index.terms)
            beside += factors.get(row.variable) == 1
            along += factors.get(inner) == 1
    return beside > along


def _is_serial(structure: Structure, statement: Statement) -> bool:
    if not isinstance(statement, For) or statement.kind is Kind.UNROLL:
        return False
    return not structure.is_shareable(statement)


def flat_vector(
    structure: Structure,
    rows: tuple[For, ...],
    core: tuple[Statement, ...],
    count: int,
    moves: Sequence[Sequence[int]],
) -> int:
    """How many neighbours a thread handles: 4 if some accesses then are single wide ones."""
    extent = structure.extent(rows[-1])
    nested = any(isinstance(statement, For | If) for statement in core)
    if nested or extent is None or extent % WIDTH or count < VECTOR_FROM:
        return 1
    return WIDTH if structure.aligned(core, rows[-1].variable, WIDTH, moves) else 1
