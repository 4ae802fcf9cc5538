"""Printing a whole graph as one function that calls functions of its layers.

Input: an optimised graph whose sizes may be symbolic. Output: a function of the module, which takes the
weights by name and the inputs, and returns what the graph gives. Non-goals: the text around (`module`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from treadle.interop.standalone.functions import Body, Writer
from treadle.interop.standalone.layers import KEY, NUMBER, Layer, entering, is_function, leaving
from treadle.interop.standalone.lines import wrapped, wrapped_text
from treadle.interop.standalone.names import leaf_word
from treadle.interop.standalone.segments import LEAVES, Segment, Stage, divide
from treadle.interop.standalone.text import Text
from treadle.ir import RNG_INPUT, STEP_INPUT, Graph, Node

_GIVEN = {RNG_INPUT: KEY, STEP_INPUT: NUMBER}
_TITLES = {Stage.FORWARD: "Forward.", Stage.BACKWARD: "Backward.", Stage.UPDATE: "Update."}


@dataclass(frozen=True)
class Program:
    """A function of the module that stands for a graph.

    Attributes:
        name: of the function.
        inputs: the name of its parameter for each input of the graph, in order.
        symbols: sizes that it must be told, by their names.
        text: its definition.
    """

    name: str
    inputs: Mapping[str, str]
    symbols: tuple[str, ...]
    text: str


class ProgramWriter:
    """Writes one graph as a function."""

    def __init__(self, writer: Writer, graph: Graph, stages: Mapping[int, Stage]) -> None:
        self._writer = writer
        self._graph = graph
        self._segments = divide(graph, stages, writer.spec)
        self._has_stages = len({segment.key.stage for segment in self._segments}) > 1
        self._roots = {node.id for node in graph.roots()}
        self._wishes = self._wished_names()
        self._calls: dict[int, Layer] = {}

    def write(self, name: str, doc: str) -> Program:
        """The function, after all those that it calls."""
        layers = {
            number: Layer(self._writer, self._graph, segment, self._roots)
            for number, segment in enumerate(self._segments)
            if is_function(segment)
        }
        body = self._writer.new_body([name, "weights", KEY, NUMBER], word=name)
        inputs, entered = self._enter(body)
        stage: Stage | None = None
        for number, segment in enumerate(self._segments):
            if self._has_stages and segment.key.stage is not stage:
                stage = segment.key.stage
                body.lines += ["", f"# {_TITLES[stage]}"]
            if number in layers:
                layers[number].call(body, self._wishes)
            else:
                body.write(segment.nodes, self._leaving(segment), self._wishes)
        body.lines.extend(self._returned(body))
        sizes, missing = body.sizes(entered)
        return self._program(name, doc, body, inputs, sizes, missing)

    def _enter(self, body: Body) -> tuple[dict[str, str], dict[str, Node]]:
        """Names the inputs; weights are read where they are used."""
        needed = self._graph.ancestors(self._graph.roots())
        inputs, entered = {}, {}
        for title, node in self._graph.inputs.items():
            if node.id not in needed:
                continue
            if title in _GIVEN:
                inputs[title] = _GIVEN[title]
                body.texts[node.id] = Text(_GIVEN[title])
            else:
                inputs[title] = body.enter(node, title)
                entered[inputs[title]] = node
        for title, node in self._graph.leaves().items():
            body.texts[node.id] = Text(f"weights[{_quoted(title)}]")
        return inputs, entered

    def _leaving(self, segment: Segment) -> list[Node]:
        return leaving(self._graph, segment, self._roots)

    def _wished_names(self) -> dict[int, str]:
        """Results are called as they are in the spec; the gradient of a parameter after it."""
        wishes = {node.id: title.rpartition(":")[2] for title, node in self._graph.outputs.items()}
        for leaf, node in self._graph.updates.items():
            owner = leaf.partition(":")[2]
            wishes.setdefault(node.id, f"new_{leaf_word(leaf)}_{owner}" if owner else f"new_{leaf}")
        for segment in self._segments:
            parameter = self._graph.leaves().get(segment.key.scope)
            if segment.key.stage is Stage.UPDATE and parameter is not None:
                for node in entering(segment):
                    if node.op not in LEAVES and node.result == parameter.result:
                        wishes.setdefault(node.id, f"grad_{segment.key.scope}")
        return wishes

    def _returned(self, body: Body) -> list[str]:
        outputs = _display(body, {_plain(title): node for title, node in self._graph.outputs.items()})
        if not self._graph.updates:
            return ["", "return {", *outputs, "}"]
        updates = _display(body, self._graph.updates)
        end = "return results, {**weights, **new_weights}"
        return ["results = {", *outputs, "}", "new_weights = {", *updates, "}", end]

    def _program(
        self,
        name: str,
        doc: str,
        body: Body,
        inputs: Mapping[str, str],
        sizes: Sequence[str],
        missing: Sequence[str],
    ) -> Program:
        plain = [parameter for parameter in inputs.values() if parameter not in {KEY, NUMBER}]
        given = [f"{KEY}=(0, 0)"] if KEY in inputs.values() else []
        given += [f"{NUMBER}=0"] if NUMBER in inputs.values() else []
        symbols = [self._writer.symbols[symbol] for symbol in missing]
        parameters = ["weights", *plain, *given, *(["*", *symbols] if symbols else [])]
        converted = [f"{KEY} = np.asarray({KEY})"] if given and KEY in inputs.values() else []
        converted += [f"{NUMBER} = np.int64({NUMBER})"] if NUMBER in inputs.values() else []
        lines = [*sizes, *converted, *body.lines]
        text = [
            *wrapped(f"def {name}({', '.join(parameters)}):", 0),
            *wrapped_text(f'"""{doc}"""', 4),
            *(f"    {line}" if line else "" for line in lines),
        ]
        return Program(name, dict(inputs), tuple(symbols), "\n".join(text))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _display(body: Body, items: Mapping[str, Node]) -> list[str]:
    """The items of a dictionary."""
    return [f"    {_quoted(name)}: {body.operand(node, array=True).text}," for name, node in items.items()]


def _plain(title: str) -> str:
    """The name of a result as people see it."""
    return title.partition(":")[2] if title.startswith(("output:", "metric:")) else title
