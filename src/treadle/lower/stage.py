"""Stages: the loops and the accesses of one stored tensor, before they are fused into kernels.

Input: a node that is to be stored and the nodes that are stored before it. Output: a `Stage`: its loops
(split where that keeps indices affine), where its elements go, and what it reads at which indices. A
concatenation has one stage for each part.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from math import prod

from treadle.ir import Node
from treadle.loops import Call, Expr, Index, Position, Statement, Var
from treadle.loops.expr import walk
from treadle.loops.index import dot
from treadle.loops.kernel import expressions, walk_statements
from treadle.loops.scalar import literal
from treadle.lower.access import SCALAR, guarded_value, within
from treadle.lower.emitter import Emitter, Indices, NeedSplit

ACCUMULATING = {"sum": "add", "max": "maximum", "min": "minimum", "prod": "mul", "fold_windows": "add"}
SEARCHING = {"argmax": "gt", "argmin": "lt"}

HEAVY = frozenset(
    [
        "exp",
        "expm1",
        "log",
        "log1p",
        "sin",
        "cos",
        "tan",
        "tanh",
        "sigmoid",
        "softplus",
        "erf",
        "pow",
        "atan2",
        "random_uniform",
        "random_normal",
        "fold_in",
    ]
)
HEAVY_COST = 10  # of a function, or of an op that is one, in additions


@dataclass(frozen=True)
class Loop:
    """A loop of a stage; `name` is unique in the whole graph."""

    name: str
    extent: int
    reduced: bool


@dataclass(frozen=True)
class Read:
    """An element of a stored node that a stage reads."""

    node: Node
    indices: Indices


@dataclass(frozen=True, eq=False)
class Stage:
    """One stored tensor, or one part of a concatenation.

    Attributes:
        node: what is stored.
        piece: number of the part, for concatenations.
        loops: in the order of the axes of the domain; axes that were split have several.
        position: the index of each axis of the result, in terms of loops that are not reduced.
        reads: accesses to stored nodes.
        weight: estimated cost of one iteration.
    """

    node: Node
    piece: int
    loops: tuple[Loop, ...]
    axes: tuple[Index, ...]
    position: Indices
    reads: tuple[Read, ...]
    weight: int

    @property
    def kept(self) -> tuple[Loop, ...]:
        return tuple(loop for loop in self.loops if not loop.reduced)

    @property
    def reduces(self) -> bool:
        return self.node.op in ACCUMULATING or self.node.op in SEARCHING

    @property
    def iterations(self) -> int:
        return prod(loop.extent for loop in self.loops)

    @property
    def work(self) -> int:
        return self.iterations * self.weight

    def element(self, emitter: Emitter, axes: Indices) -> Expr:
        """What is stored, or accumulated, at these indices of the domain."""
        return domain_element(self.node, self.piece)(emitter, axes)


def domain(node: Node, piece: int) -> tuple[tuple[int, ...], tuple[bool, ...]]:
    """The extents of a stage's axes, and which of them are reduced."""
    shape = node.type.static_shape()
    if node.op == "concat":
        part = node.inputs[piece].type.static_shape()
        return part, (False,) * len(part)
    if node.op == "fold_windows":
        taps = tuple(node.attrs["sizes"])
        return shape + taps, (False,) * len(shape) + (True,) * len(taps)
    if node.op in ACCUMULATING or node.op in SEARCHING:
        source = node.inputs[0].type.static_shape()
        return source, tuple(axis in reduced_axes(node) for axis in range(len(source)))
    return shape, (False,) * len(shape)


def reduced_axes(node: Node) -> tuple[int, ...]:
    """The axes of its operand that a reduction goes over."""
    return (node.attrs["axis"],) if node.op in SEARCHING else tuple(node.attrs["axes"])


def domain_element(node: Node, piece: int) -> Callable[[Emitter, Indices], Expr]:
    """The element of the domain of a stage, as a function of its indices."""
    if node.op == "concat":
        return lambda emitter, axes: emitter.value(node.inputs[piece], axes)
    if node.op == "fold_windows":
        return lambda emitter, axes: _gathered(emitter, node, axes)
    if node.op in ACCUMULATING or node.op in SEARCHING:
        return lambda emitter, axes: emitter.value(node.inputs[0], axes)
    return lambda emitter, axes: emitter.inlined(node, axes)


def position(node: Node, piece: int, axes: Indices) -> Indices:
    """Where in the result the element for these indices of the domain goes."""
    if node.op == "concat":
        axis = node.attrs["axis"]
        start = sum(part.type.static_shape()[axis] for part in node.inputs[:piece])
        return (*axes[:axis], axes[axis].plus(start), *axes[axis + 1 :])
    if node.op == "fold_windows":
        return axes[: node.type.rank]
    if node.op in ACCUMULATING or node.op in SEARCHING:
        reduced = reduced_axes(node)
        if node.attrs.get("keepdims"):
            return tuple(Index() if axis in reduced else index for axis, index in enumerate(axes))
        return tuple(index for axis, index in enumerate(axes) if axis not in reduced)
    return axes


def _gathered(emitter: Emitter, node: Node, axes: Indices) -> Expr:
    """What the window element at these taps adds to an element: windows start at (index - tap *
    dilation) / stride."""
    (y,) = node.inputs
    attrs, rank = node.attrs, node.type.rank
    source, tests = list(axes[:rank]), []
    for tap, axis, stride, dilation in zip(
        axes[rank:], attrs["axes"], attrs["strides"], attrs["dilations"], strict=True
    ):
        start = axes[axis].plus(tap, -dilation)
        source[axis] = start
        if stride != 1:
            high = emitter.extremes(start)[1]
            tests.append(SCALAR.eq(SCALAR.mod(Position(start), stride), 0))
            source[axis] = emitter.as_index(
                SCALAR.floordiv(Position(start), stride), (-high - 1, high // stride)
            )
    indices = (*source, *axes[rank:])
    inside = within(emitter, indices, y.type.static_shape())
    for test in tests:
        inside = test if inside is None else SCALAR.logical_and(inside, test)
    return guarded_value(emitter, inside, y, indices, literal(0, node.type.dtype))


def build_stage(node: Node, piece: int, stored: Collection[int], users: dict[int, int]) -> Stage:
    """Analyses a stage by writing it once with recorded reads; loops are split until nobody asks for more."""
    extents, reduced = domain(node, piece)
    factors = [[extent] for extent in extents]
    while True:
        loops, axes = _loops(node, piece, factors, reduced)
        try:
            return _trial(node, piece, loops, axes, stored, users)
        except NeedSplit as wish:
            _split(factors, wish)


def _loops(
    node: Node, piece: int, factors: list[list[int]], reduced: tuple[bool, ...]
) -> tuple[tuple[Loop, ...], Indices]:
    loops: list[Loop] = []
    axes: list[Index] = []
    for axis, parts in enumerate(factors):
        names = [f"x{node.id}_{piece}_{axis}_{digit}" for digit in range(len(parts))]
        loops.extend(
            Loop(name, extent, reduced[axis])
            for name, extent in zip(names, parts, strict=True)
            if extent != 1
        )
        strides = [prod(parts[digit + 1 :]) for digit in range(len(parts))]
        digits = [
            Index(0, ((n, 1),)) if extent != 1 else Index() for n, extent in zip(names, parts, strict=True)
        ]
        axes.append(dot(digits, strides))
    return tuple(loops), tuple(axes)


def _split(factors: list[list[int]], wish: NeedSplit) -> None:
    axis, digit = map(int, wish.variable.split("_")[2:])
    extent = factors[axis][digit]
    factors[axis][digit : digit + 1] = [extent // wish.inner, wish.inner]


def _trial(
    node: Node,
    piece: int,
    loops: tuple[Loop, ...],
    axes: Indices,
    stored: Collection[int],
    users: dict[int, int],
) -> Stage:
    reads: dict[tuple[int, Indices], Read] = {}

    def fetch(emitter: Emitter, source: Node, indices: Indices) -> Expr | None:
        if source.id not in stored or source is node:
            return None
        reads.setdefault((source.id, indices), Read(source, indices))
        return Var(emitter.fresh("v"), source.type.dtype)

    emitter = Emitter(fetch, users, splittable=True)
    emitter.ranges.update({loop.name: (0, loop.extent - 1) for loop in loops})
    value = domain_element(node, piece)(emitter, axes)
    weight = len(reads) + _cost(value) + sum(map(_statement_cost, walk_statements(emitter.body)))
    where = position(node, piece, axes)
    return Stage(node, piece, loops, axes, where, tuple(reads.values()), max(weight, 1))


def _statement_cost(statement: Statement) -> int:
    return sum(map(_cost, expressions(statement)))


def _cost(value: Expr) -> int:
    return sum(HEAVY_COST if part.function in HEAVY else 1 for part in walk(value) if isinstance(part, Call))


def pieces(node: Node) -> range:
    """The numbers of the stages of a node: one for each part of a concatenation, else one."""
    return range(len(node.inputs)) if node.op == "concat" else range(1)
