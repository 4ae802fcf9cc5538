"""Damaged kernels: each mutant is a kernel text with one thing wrong that tests must notice.

Kinds: `barrier` (one `syncthreads` or `syncwarp` dropped), `wait` (one wait for asynchronous copies dropped),
`bound` (one comparison or loop lets one more through), `index` (one memory access is off by one element).
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TypeVar

from treadle.backends.numba_cuda.kernel import KernelSource, Launch, Steps

T = TypeVar("T")
BARRIERS = ("cuda.syncthreads", "cuda.syncwarp")
WAITS = ("cp_async_wait",)
ACCESSES = (
    "load2",
    "load4",
    "store2",
    "store4",
    "shared_load2",
    "shared_load4",
    "shared_store2",
    "shared_store4",
)
ONE_MORE = {ast.Lt: ast.LtE, ast.Gt: ast.GtE}


@dataclass(frozen=True)
class Mutant:
    """A damaged kernel text: what kind of damage, to the how-manieth place for it, and to which piece."""

    kind: str
    place: int
    piece: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind} {self.place}: {self.piece.splitlines()[0]}"


def mutants(text: str, per_kind: int = 6) -> list[Mutant]:
    """Mutants of a kernel, evenly chosen among those of each kind."""
    tree = ast.parse(text)
    return [
        _mutant(kind, place, text, number)
        for kind in DAMAGES
        for place, number in evenly(list(enumerate(_places(kind, tree), start=1)), per_kind)
    ]


def _places(kind: str, tree: ast.AST) -> list[int]:
    """The numbers of the nodes that can be damaged, in the order of the text."""
    nodes = list(ast.walk(tree))
    found = [at for at, node in enumerate(nodes) if DAMAGES[kind](deepcopy(node)) is not None]
    return sorted(
        found, key=lambda at: (getattr(nodes[at], "lineno", 0), getattr(nodes[at], "col_offset", 0))
    )


def evenly(things: list[T], most: int) -> list[T]:
    """At most so many of the things, spread over all of them."""
    if len(things) <= most:
        return things
    return [things[at * (len(things) - 1) // (most - 1)] for at in range(most)]


def damaged_steps(steps: Steps, source: KernelSource, mutant: Mutant) -> Steps:
    """The steps with the mutant in place of a kernel."""
    worse = replace(source, text=mutant.text)
    changed = (
        replace(step, source=worse) if isinstance(step, Launch) and step.source == source else step
        for step in steps.steps
    )
    return replace(steps, steps=tuple(changed))


def _mutant(kind: str, place: int, text: str, number: int) -> Mutant:
    """The mutant whose damage is done to the node of this number."""
    tree = ast.parse(text)
    node = list(ast.walk(tree))[number]
    piece = ast.unparse(node)
    worse = DAMAGES[kind](node)
    if worse is not None and worse is not node:
        tree = _Exchange(node, worse).visit(tree)
    return Mutant(kind, place, piece, ast.unparse(ast.fix_missing_locations(tree)))


class _Exchange(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old = old
        self.new = new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def _dropped(*names: str) -> Callable[[ast.AST], ast.AST | None]:
    """Replaces a call that is a statement of its own by nothing."""

    def damage(node: ast.AST) -> ast.AST | None:
        is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        return ast.Pass() if is_call and ast.unparse(node.value.func) in names else None

    return damage


def _one_more(node: ast.AST) -> ast.AST | None:
    """`<` becomes `<=`, and a loop runs once more."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in ONE_MORE:
        node.ops[0] = ONE_MORE[type(node.ops[0])]()
        return node
    if isinstance(node, ast.For) and isinstance(node.iter, ast.Call) and len(node.iter.args) == 1:
        node.iter.args[0] = _plus_one(node.iter.args[0])
        return node
    return None


def _shifted(node: ast.AST) -> ast.AST | None:
    """An access goes to the next element, or the next vector of elements."""
    if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
        node.slice = _plus_one(node.slice)
        return node
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ACCESSES:
        width = int(ast.unparse(node.func)[-1])
        node.args[1] = _plus_one(node.args[1], width)
        return node
    return None


def _plus_one(value: ast.expr, step: int = 1) -> ast.expr:
    one = ast.Call(ast.Name("int32", ast.Load()), [ast.Constant(step)], [])
    return ast.BinOp(value, ast.Add(), one)


DAMAGES: dict[str, Callable[[ast.AST], ast.AST | None]] = {
    "barrier": _dropped(*BARRIERS),
    "wait": _dropped(*WAITS),
    "bound": _one_more,
    "index": _shifted,
}
