"""Operators of control flow: branches, and loops with a number of rounds that importing knows.

A loop becomes a `scan`, or is written out if it is short or if shapes depend on the round.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from treadle.frontend import ast
from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.problems import UnknownValueError
from treadle.interop.onnx.importing.registry import Result, operator
from treadle.interop.onnx.importing.terms import NOWHERE, Term, call, name, term
from treadle.interop.onnx.importing.values import Value, known_value
from treadle.types import DType, TensorType

SHORT = 8  # rounds of a loop that is written out
LONGEST = 1000  # rounds of a loop that is written out because it cannot be a scan


@operator("If")
def if_(node: Node) -> Sequence[Result]:
    """The branch that a known condition takes; else both, and a choice between their elements."""
    if node.is_known(0):
        taken = "then_branch" if bool(node.number(0)) else "else_branch"
        return node.importer.subgraph(node.graph(taken), [])
    sides = [node.importer.subgraph(node.graph(side), []) for side in ("then_branch", "else_branch")]
    if any(left.type != right.type for left, right in zip(*sides, strict=True)):
        node.known(0)  # the shapes depend on it
    tensor = node.importer.tensor
    return [call("where", node[0], tensor(left), tensor(right)) for left, right in zip(*sides, strict=True)]


@dataclass(frozen=True)
class Rounds:
    """A loop as a scan.

    Attributes:
        index: the name of the round's number.
        starts: what is carried from round to round, before the first.
        sequences: names of tensors that are stepped through along their first axis.
        length: the number of rounds, where nothing is stepped through.
    """

    node: Node
    index: str
    starts: Sequence[Term]
    sequences: Sequence[Term] = ()
    length: int = 0

    def run(self, inputs: Callable[[list[Value], list[Value]], list[Value]], leading: int) -> list[Term]:
        """The last carried values, then the stacked results of all rounds.

        Args:
            inputs: the inputs of the graph from values of what is carried and stepped through.
            leading: the number of results before the new carried values, which are not used.
        """
        node, importer = self.node, self.node.importer
        if any(value is not None and value.element is not None for value in node.values):
            node.refuse("small integers in a loop")
        graph, expansion = node.graph("body"), importer.expansion
        with expansion.aside():  # stand-ins, which give each name of a round its type
            expansion.let(term(0), self.index)
            carried = [
                self._carried(start, graph.input[2 * leading + i].name) for i, start in enumerate(self.starts)
            ]
        with expansion.aside() as body:
            results = importer.subgraph(graph, inputs(carried, [self._slice(s) for s in self.sequences]))
            new = [importer.tensor(value) for value in results[leading:]]
        return self._emit(body, [value.term for value in carried if value.term], new)

    def _carried(self, start: Term, hint: str) -> Value:
        """A name that is bound to the value before the first round."""
        bound = self.node.importer.expansion.let(
            start, self.node.importer.expansion.names.fresh(hint, "carried")
        )
        return Value(self.node.type_of(bound), bound)

    def _slice(self, sequence: Term) -> Value:
        whole = self.node.type_of(sequence)
        return Value(TensorType(whole.dtype, whole.shape[1:]), sequence[name(self.index)])

    def _emit(self, body: list[ast.Statement], carried: list[Term], new: Sequence[Term]) -> list[Term]:
        expansion = self.node.importer.expansion
        again, stacked = new[: len(carried)], new[len(carried) :]
        body += [_assign([old], value) for old, value in zip(carried, again, strict=True)]
        titles = [name(expansion.names.fresh(f"{self.index}_all")) for _ in stacked]
        if stacked:
            body.append(ast.Yield(tuple(value.expr for value in stacked), span=NOWHERE))
        scan = Term(self._scan(body, carried))
        expansion.run(_assign(titles, scan) if titles else ast.ExprStatement(scan.expr, span=NOWHERE))
        return [*carried, *titles]

    def _scan(self, body: Sequence[ast.Statement], carried: Sequence[Term]) -> ast.Scan:
        carries = [
            ast.Carry(_text(title), start.expr, span=NOWHERE)
            for title, start in zip(carried, self.starts, strict=True)
        ]
        return ast.Scan(
            ast.Name(self.index, span=NOWHERE),
            tuple(value.expr for value in self.sequences) or (call("range", self.length).expr,),
            term(0).expr if self.sequences else None,
            False,
            None,
            tuple(carries),
            tuple(body),
            span=NOWHERE,
        )


def _assign(targets: Sequence[Term], value: Term) -> ast.Statement:
    names = tuple(ast.Name(_text(target), span=NOWHERE) for target in targets)
    return ast.Assign(names, value.expr, span=NOWHERE)


def _text(title: Term) -> str:
    assert isinstance(title.expr, ast.Name)  # noqa: S101 - made by `name`
    return title.expr.id


@operator("Scan", since=9)
def scan(node: Node) -> list[Term]:
    """Rounds over slices of some operands; the others are carried."""
    count = node.int("num_scan_inputs")
    states = node.count - count
    axes = node.ints("scan_input_axes", [0] * count)
    ways = node.ints("scan_input_directions", [0] * count)
    sequences = [
        _turned(node[states + i], axes[i] % node.rank(states + i), ways[i], first=True) for i in range(count)
    ]
    results = _scanned(node, [node[i] for i in range(states)], sequences)
    outputs = len(results) - states
    axes = node.ints("scan_output_axes", [0] * outputs)
    ways = node.ints("scan_output_directions", [0] * outputs)
    ends = [
        _turned(value, axes[i] % node.rank_of(value), ways[i], first=False)
        for i, value in enumerate(results[states:])
    ]
    return [*results[:states], *ends]


def _turned(value: Term, axis: int, backward: int, *, first: bool) -> Term:
    """The axis of the rounds moved to the front, or back from there; and reversed on demand."""
    if backward:
        value = call("flip", value, axis if first else 0)
    return call("move_axis", value, axis if first else 0, 0 if first else axis) if axis else value


@operator("Scan", since=8)
def batched_scan(node: Node) -> list[Term]:
    """The old form, with a first axis for examples; for one example."""
    if node.has(0):
        node.refuse("sequences of different lengths")
    if any(node.shape(i)[0] != 1 for i in range(1, node.count)):
        node.refuse("more than one example (of opset 8)")
    states = node.count - 1 - node.int("num_scan_inputs")
    alone = [call("squeeze", node[i], 0) for i in range(1, node.count)]
    return [call("expand_dims", value, 0) for value in _scanned(node, alone[:states], alone[states:])]


def _scanned(node: Node, starts: Sequence[Term], sequences: Sequence[Term]) -> list[Term]:
    named = [item if isinstance(item.expr, ast.Name) else node.let(item) for item in sequences]
    index = node.importer.expansion.names.fresh("t")
    return Rounds(node, index, starts, named).run(lambda carried, slices: [*carried, *slices], 0)


@operator("Loop")
def loop(node: Node) -> Sequence[Result]:
    """A number of rounds: a scan, unless it is short or shapes depend on the round."""
    if not node.has(0):
        node.refuse("a loop that only its condition ends")
    length = int(node.number(0))
    if length > SHORT and _unconditional(node):
        try:
            return _loop_scan(node, length)
        except UnknownValueError:
            pass  # shapes depend on the round
    return _written_out(node, length)


def _unconditional(node: Node) -> bool:
    """Whether the condition after each round is that before it, or a constant, which is true."""
    graph = node.graph("body")
    before, after = graph.input[1].name, graph.output[0].name
    same = after == before or any(
        step.op_type == "Identity" and list(step.input) == [before] and after in step.output
        for step in graph.node
    )
    return same and (not node.has(1) or (node.is_known(1) and bool(node.number(1))))


def _loop_scan(node: Node, length: int) -> list[Term]:
    index = node.importer.expansion.names.fresh("k")
    number = Value(TensorType(DType.I64, ()), call("tensor", name(index), DType.I64))
    starts = [node[2 + i] for i in range(node.count - 2)]
    rounds = Rounds(node, index, starts, length=length)
    return rounds.run(lambda carried, _: [number, _true(), *carried], 1)


def _true() -> Value:
    return known_value(np.array(True), DType.BOOL)


def _written_out(node: Node, length: int) -> list[Any]:
    if length > LONGEST:
        node.refuse(f"{length} rounds; at most {LONGEST} are written out")
    graph = node.graph("body")
    going = node.value(1) if node.has(1) else _true()
    carried = [node.value(2 + i) for i in range(node.count - 2)]
    stacked: list[list[Term]] = []
    for number in range(length):
        if not _goes_on(node, going):
            break
        index = known_value(np.array(number, np.int64), DType.I64)
        going, *results = node.importer.subgraph(graph, [index, going, *carried])
        carried = results[: len(carried)]
        stacked.append([node.importer.tensor(value) for value in results[len(carried) :]])
    if not stacked and len(graph.output) > 1 + len(carried):
        node.refuse("a loop without any round that stacks results")
    return [*carried, *(call("stack", *parts, axis=0) for parts in zip(*stacked, strict=True))]


def _goes_on(node: Node, condition: Value) -> bool:
    if condition.known is None:
        raise UnknownValueError(f"{node}: its condition decides about the number of rounds", condition.roots)
    return bool(np.asarray(condition.known).reshape(()))
