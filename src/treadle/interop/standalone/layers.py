"""A segment as a function of its own: its parameters, its text and its call.

Input: a segment of a graph. Output: a function of the module, shared with all segments that do the same; a
statement that calls it.
"""

from __future__ import annotations

from collections.abc import Mapping

from treadle.interop.standalone.functions import Body, Writer
from treadle.interop.standalone.lines import assignment, wrapped
from treadle.interop.standalone.names import identifier, leaf_word, op_word, scope_word
from treadle.interop.standalone.segments import LEAVES, REPEATED, Key, Segment, Stage
from treadle.interop.standalone.text import Text
from treadle.ir import RNG_INPUT, STEP_INPUT, Graph, Node

KEY, NUMBER = "key", "number"  # of a training step: what random draws and schedules depend on
_GIVEN = {RNG_INPUT: KEY, STEP_INPUT: NUMBER}


class Layer:
    """A segment as a function of its own, and its call."""

    def __init__(
        self,
        writer: Writer,
        graph: Graph,
        segment: Segment,
        roots: set[int],
    ) -> None:
        self._writer = writer
        self._graph = graph
        self._segment = segment
        self._results = leaving(graph, segment, roots)
        self._arguments = entering(segment)
        self._weights = sum(node.op in {"param", "state"} for node in self._arguments)
        self._write()

    def _write(self) -> None:
        key = self._segment.key
        body = self._writer.new_body(word=_function_word(key), is_backward=key.stage is Stage.BACKWARD)
        entered = {body.enter(node, self._parameter_word(node)): node for node in self._arguments}
        wishes = self._result_words() if key.stage is Stage.UPDATE else {}
        body.write(self._segment.nodes, self._results, wishes)
        returned = [body.operand(node, array=True).text for node in self._results]
        sizes, self._missing = body.sizes(entered)
        lines = [*sizes, *body.lines, *wrapped(f"return {', '.join(returned)}", 4)]
        if len(self._results) == 1 and body.lines and body.lines[-1].startswith(f"{returned[0]} = "):
            statement, _, comment = body.lines[-1].partition("  # ")
            value = statement.removeprefix(f"{returned[0]} = ")
            lines = [*sizes, *body.lines[:-1], f"return {value}" + (f"  # {comment}" if comment else "")]
        parameters = [*entered, *(self._writer.symbols[symbol] for symbol in self._missing)]
        self._local = returned
        self.name = self._writer.function(_function_word(key), parameters, _doc(key), lines)

    def _parameter_word(self, node: Node) -> str:
        """What a value from outside is called; in updates in the same way for all parameters."""
        key = self._segment.key
        if node.op in LEAVES:
            name = str(node.attrs["name"])
            if (
                key.stage is Stage.FORWARD
                and node.op == "input"
                and name not in _GIVEN
                and len(self._arguments) - self._weights == 1
            ):
                return "x"
            if key.stage is Stage.UPDATE and name == key.scope:
                return "weight"
            return _GIVEN.get(name, leaf_word(name))
        leaf = self._graph.leaves().get(key.scope)
        if key.stage is Stage.UPDATE and leaf is not None and node.result == leaf.result:
            return "gradient"
        if len(self._arguments) - self._weights == 1:
            return "x" if key.stage is Stage.FORWARD else "gradient"
        return self._writer.spec.value(node) or op_word(node)

    def _result_words(self) -> dict[int, str]:
        """New values of the parameter and of its states."""
        words = {}
        for leaf, node in self._graph.updates.items():
            words[node.id] = "weight" if leaf == self._segment.key.scope else leaf_word(leaf)
        return {node_id: f"new_{word}" for node_id, word in words.items()}

    def call(self, body: Body, wishes: Mapping[int, str]) -> None:
        """Writes the call into a function."""
        arguments = [body.operand(node, array=True).text for node in self._arguments]
        arguments += [body.symbols.get(symbol) for symbol in self._missing]
        targets = []
        for node, local in zip(self._results, self._local, strict=True):
            name = body.names.new(
                _result_word(self._writer, wishes.get(node.id)) or self._target_word(node, local)
            )
            body.texts[node.id] = Text(name)
            targets.append(name)
        key = self._segment.key
        note = key.scope if key.stage is not Stage.UPDATE else ""
        body.lines.extend(assignment(targets, f"{self.name}({', '.join(arguments)})", 4, note))

    def _target_word(self, node: Node, local: str) -> str:
        key = self._segment.key
        if key.stage is Stage.BACKWARD:
            return f"d_{key.function or scope_word(key.scope)}"
        if len(self._results) > 1 and local.isidentifier():
            return local
        own = identifier(key.scope.rpartition(".")[2]) if key.is_layer else key.function
        return f"{own or scope_word(key.scope) or op_word(node)}_out"


def is_function(segment: Segment) -> bool:
    """Whether a segment is more than one value of a layer or of a function of the spec."""
    values = [node for node in segment.nodes if node.op != "item"]
    return len(values) > 1 and bool(segment.key.scope or segment.key.function)


def leaving(graph: Graph, segment: Segment, roots: set[int]) -> list[Node]:
    """The nodes of a segment that are used outside of it."""
    inside = {node.id for node in segment.nodes}
    needed = graph.ancestors(graph.roots())
    return [
        node
        for node in segment.nodes
        if node.op != "scan"
        and (node.id in roots or any(u.id in needed and u.id not in inside for u, _ in graph.users(node)))
    ]


def entering(segment: Segment) -> list[Node]:
    """The values that a segment reads, activations before weights."""
    inside = {node.id for node in segment.nodes}
    read = {
        operand.id: operand
        for node in segment.nodes
        for operand in node.inputs
        if operand.id not in inside and operand.op not in REPEATED
    }
    return sorted(read.values(), key=lambda node: node.op in {"param", "state"})


def _function_word(key: Key) -> str:
    if key.stage is Stage.UPDATE:
        return "update_weight"
    word = key.function if key.function and not key.is_layer else scope_word(key.scope) or key.function
    return f"{word}_backward" if key.stage is Stage.BACKWARD else word


def _doc(key: Key) -> str:
    if key.stage is Stage.UPDATE:
        return "The new value of a parameter, and of what the optimizer keeps for it."
    kind = "Layer" if key.is_layer or not key.function else "Function"
    name = key.function or scope_word(key.scope)
    gradient = "The gradients through it." if key.stage is Stage.BACKWARD else ""
    return f"{kind} {name} of the spec. {gradient}".strip()


def _result_word(writer: Writer, word: str | None) -> str | None:
    """The name of a result; the function that computes it may have the same."""
    return f"{word}_value" if word in writer.functions else word
