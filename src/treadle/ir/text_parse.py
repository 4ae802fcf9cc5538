"""Reads the text form of a graph back: the inverse of `ir/text_print.py`.

Input: text. Output: a graph built by a `Builder`, so that types are inferred again and compared with the
text. Scopes, file names and lines are restored; columns are not part of the text. Non-goals: recovery after
an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from treadle.errors import TreadleError
from treadle.ir.builder import Builder
from treadle.ir.graph import Graph
from treadle.ir.node import Node
from treadle.ir.text_print import print_type
from treadle.ir.text_values import GraphTextError, LineReader
from treadle.ops import REGISTRY
from treadle.ops.opdef import AnyType
from treadle.source import Source, Span
from treadle.types import TensorType

_LEAVES = {"input": "inputs", "param": "params", "state": "states"}

__all__ = ["GraphTextError", "parse_graph"]


def parse_graph(text: str) -> Graph:
    """The graph that prints as `text`.

    Raises:
        GraphTextError: with the line number, where the text does not describe a graph.
    """
    lines = _Lines(text)
    first = lines.next()
    first.expect("graph")
    graph = _GraphParser(lines).parse(first)
    lines.finish()
    return graph


class _Lines:
    """The lines that are not blank, one at a time, and the sources their positions name."""

    def __init__(self, text: str) -> None:
        rows = enumerate(text.splitlines(), start=1)
        self._rows = [(number, row) for number, row in rows if row.strip()]
        self._at = 0
        self._sources: dict[str, Source] = {}
        self._height = 1 + max([0, *_places(text)])

    def next(self) -> LineReader:
        if self._at == len(self._rows):
            raise GraphTextError(len(self._rows) + 1, "the text ends before the graph does")
        number, row = self._rows[self._at]
        self._at += 1
        return LineReader(row, number)

    def finish(self) -> None:
        if self._at < len(self._rows):
            raise GraphTextError(self._rows[self._at][0], "text after the end of the graph")

    def span(self, place: str) -> Span | None:
        """A span on the right line of a source that has only its name and its lines."""
        name, _, line = place.rpartition(":")
        if not name or not line.isdigit():
            return None
        source = self._sources.setdefault(name, Source(name, "\n" * self._height))
        return source.span(int(line) - 1, int(line) - 1)


def _places(text: str) -> Iterator[int]:
    for row in text.splitlines():
        line = row.rpartition(":")[2]
        if " @ " in row or "# @ " in row:
            yield int(line) if line.isdigit() else 0


class _GraphParser:
    """One graph and, through another parser, the bodies in it."""

    def __init__(self, lines: _Lines) -> None:
        self._lines = lines
        self._nodes: dict[int, Node] = {}

    def parse(self, header: LineReader) -> Graph:
        self._graph = Graph(header.string())
        self._builder = Builder(self._graph)
        header.expect("{")
        header.end()
        line = self._lines.next()
        while not line.take("}"):
            line = self._statement(line)
        line.end()
        return self._graph

    def _statement(self, line: LineReader) -> LineReader:
        """Reads one statement with its nested graphs; returns the line after it."""
        if line.next_is("node"):
            return self._node(line)
        word = line.name()
        if word == "inputs":
            self._inputs(line)
        elif word in {"output", "update"}:
            ends = self._graph.outputs if word == "output" else self._graph.updates
            name = line.string()
            line.expect("=")
            ends[name] = self._operand(line)
        else:
            line.fail(f"expected a node, inputs, output, update or }}, found {word!r}")
        line.end()
        return self._lines.next()

    def _inputs(self, line: LineReader) -> None:
        nodes = [self._operand(line)]
        while line.take(","):
            nodes.append(self._operand(line))
        if any(node.op != "input" for node in nodes) or len(nodes) != len(self._graph.inputs):
            line.fail("the line must list every input once")
        self._graph.inputs = {str(node.attrs["name"]): node for node in nodes}

    def _node(self, line: LineReader) -> LineReader:
        number = line.node()
        line.expect("=")
        op = line.name()
        if op not in REGISTRY:
            line.fail(f"no op is named {op!r}")
        operands, attrs = self._arguments(line)
        line.expect(":")
        result = line.type()
        line.end()
        after = self._bodies(op, attrs)
        _fill_elided(op, attrs, result)
        self._nodes[number] = self._apply(line, op, operands, attrs, result)
        return after

    def _arguments(self, line: LineReader) -> tuple[list[Node], dict[str, Any]]:
        operands: list[Node] = []
        attrs: dict[str, Any] = {}
        line.expect("(")
        while not line.take(")"):
            if line.next_is("node"):
                operands.append(self._operand(line))
            else:
                name = line.name()
                line.expect("=")
                attrs[name] = line.value()
            if line.peek() != ")":
                line.expect(",")
        return operands, attrs

    def _bodies(self, op: str, attrs: dict[str, Any]) -> LineReader:
        """Nested graphs follow their node as `NAME = graph "..." {`."""
        line = self._lines.next()
        while line.peek() in REGISTRY[op].attrs:
            name = line.name()
            line.expect("=")
            line.expect("graph")
            attrs[name] = _GraphParser(self._lines).parse(line)
            line = self._lines.next()
        return line

    def _operand(self, line: LineReader) -> Node:
        number = line.node()
        if number not in self._nodes:
            line.fail(f"%{number} is not defined above")
        return self._nodes[number]

    def _apply(
        self, line: LineReader, op: str, operands: list[Node], attrs: dict[str, Any], result: AnyType
    ) -> Node:
        scope, _, place = f" {line.comment}".partition(" @ ")
        try:
            with self._builder.at(self._lines.span(place), scope.strip()):
                node = self._builder.apply(op, *operands, **attrs)
        except (TreadleError, TypeError) as error:
            line.fail(str(error))
        if node.result != result:
            line.fail(f"the type of {op} is {print_type(node.result)}, not {print_type(result)}")
        if op in _LEAVES:
            getattr(self._graph, _LEAVES[op])[attrs["name"]] = node
        return node


def _fill_elided(op: str, attrs: dict[str, Any], result: AnyType) -> None:
    if isinstance(result, TensorType):
        for name, value in (("dtype", result.dtype), ("shape", result.shape)):
            if name in REGISTRY[op].attrs:
                attrs.setdefault(name, value)
