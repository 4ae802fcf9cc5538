"""Printing nodes as the body of one function: a statement for each value that has a name, the rest nested.

Input: nodes in order, the values that enter and leave. Output: lines, and the names of what leaves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from treadle.interop.standalone import elementwise, structure
from treadle.interop.standalone.lines import (
    assignment,
    without_comments,
    without_shapes,
    wrapped,
    wrapped_text,
)
from treadle.interop.standalone.names import Names, SpecNames, op_word
from treadle.interop.standalone.rules import NUMPY_TYPES, Rule, Use
from treadle.interop.standalone.segments import REPEATED
from treadle.interop.standalone.text import Text, call, size
from treadle.ir import Graph, Node
from treadle.ops.control import INDEX
from treadle.source import Span
from treadle.types import Dim, TensorType

RULES = {**elementwise.RULES, **structure.RULES}
_NESTED = 56  # characters of an expression that may stand inside of another one
_ALONE = frozenset({"scan", "random_uniform", "random_normal", "table"})  # never inside of another expression
_NEED_NO_ROUNDING = frozenset(
    {
        "reshape",
        "transpose",
        "broadcast_to",
        "slice",
        "flip",
        "pad",
        "concat",
        "windows",
        "take",
        "take_along",
    }
)


class Symbols(dict[str, str]):
    """Names of symbolic sizes; remembers which were asked for."""

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__(names)
        self.used: dict[str, None] = {}

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
        """The name of a symbol; `min` and `max` are none."""
        if key not in self:
            return default
        self.used[key] = None
        return self[key]


@dataclass
class Writer:
    """What all functions of a module share.

    Attributes:
        spec: the names in the spec.
        symbols: names of symbolic sizes.
        taken: identifiers of the module's functions.
        reserved: names of helpers, which are no names of values.
        helpers: those used so far.
        functions: texts, by name, in order.
        rules: how ops are said that are not said as in NumPy.
        body: what makes the body of a function.
    """

    spec: SpecNames
    symbols: dict[str, str]
    taken: Names
    reserved: tuple[str, ...] = ()
    helpers: set[str] = field(default_factory=set)
    functions: dict[str, str] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    body: type[Body] | None = None
    _by_text: dict[str, str] = field(default_factory=dict)
    _bodies: dict[str, list[str]] = field(default_factory=dict)

    def need(self, helper: str) -> str:
        self.helpers.add(helper)
        return helper

    def new_body(self, taken: Iterable[str] = (), *, word: str = "loop", is_backward: bool = False) -> Body:
        """An empty function."""
        return (self.body or Body)(self, taken, word=word, is_backward=is_backward)

    def function(
        self, word: str, parameters: Sequence[str], doc: str, body: Sequence[str], decorator: str = ""
    ) -> str:
        """Adds a function unless there is one that does the same, with whatever shapes; its name."""
        key = "\n".join((*parameters, *without_comments(body)))
        if key in self._by_text:
            name = self._by_text[key]
            body = body if self._bodies[name] == list(body) else without_shapes(body)
        else:
            name = self._by_text[key] = self.taken.new(word)
        self._bodies[name] = list(body)
        head = wrapped(f"def {name}({', '.join(parameters)}):", 0)
        quoted = wrapped_text(f'"""{doc}"""', 4)
        text = [*([decorator] if decorator else []), *head, *quoted]
        self.functions[name] = "\n".join([*text, *(f"    {line}" if line else "" for line in body)])
        return name


class Body:
    """The statements of a function."""

    def __init__(
        self, writer: Writer, taken: Iterable[str] = (), *, word: str = "", is_backward: bool = False
    ) -> None:
        """An empty function, for `word`; backward, values are not those that the spec has names for."""
        self.writer = writer
        self.word = word
        self._is_backward = is_backward
        self.names = Names((*writer.functions, *writer.reserved, *taken))
        self.symbols = Symbols(writer.symbols)
        self.lines: list[str] = []
        self.texts: dict[int, Text] = {}
        self._items: dict[int, list[str]] = {}
        self._looped: set[int] = set()
        self._place: tuple[str, int] | None = None

    def enter(self, node: Node, word: str) -> str:
        """Makes a value from outside known under a new name."""
        name = self.names.new(word)
        self.texts[node.id] = Text(name)
        return name

    def write(
        self, nodes: Sequence[Node], results: Iterable[Node], wishes: Mapping[int, str] | None = None
    ) -> None:
        """Writes statements for nodes; those that are results, or used more than once, get names."""
        leaving = {node.id for node in results}
        uses = Counter(operand.id for node in nodes for operand in node.inputs)
        self._looped = {operand.id for node in nodes if node.op == "scan" for operand in node.inputs}
        for node in nodes:
            if node.op == "item":
                index: int = node.attrs["index"]
                self.texts[node.id] = Text(self._items[node.inputs[0].id][index])
            elif node.op == "scan":
                Scan(self, node).write()
            else:
                self._value(node, node.id in leaving, uses[node.id], (wishes or {}).get(node.id))

    def _value(self, node: Node, leaves: bool, uses: int, wish: str | None) -> None:
        text = self.expression(node)
        named = wish or (None if self._is_backward else self.writer.spec.value(node))
        nested = uses == 1 and not leaves and node.op not in _ALONE and len(text.text) <= _NESTED
        nested = nested and node.id not in self._looped
        if nested and not (wish or (named and node.type.rank)):
            self.texts[node.id] = text
            return
        if text.text.isidentifier():
            self.texts[node.id] = text
            return
        name = self.names.new(named or op_word(node))
        self.statement(f"{name} = {text.text}", node)
        self.texts[node.id] = Text(name)

    def statement(self, text: str, node: Node | None = None) -> None:
        """Adds a line, with the shape of its value and its place in the spec where that changes."""
        comment = "" if node is None else self._comment(node)
        self.lines.extend(wrapped(text, 4, comment))

    def _comment(self, node: Node) -> str:
        parts = [_type_text(node.result)] if isinstance(node.result, TensorType) else []
        place = _place(node.span)
        if place and place != self._place:
            parts.append(f"{place[0]}:{place[1]}")
            self._place = place
        return ", ".join(part for part in parts if part)

    def expression(self, node: Node) -> Text:
        """The text of what a node computes."""
        needs_arrays = node.op not in elementwise.RULES or all(o.op == "const" for o in node.inputs)
        operands = tuple(self.operand(operand, array=needs_arrays) for operand in node.inputs)
        use = Use(node, operands, self.symbols, self.writer.need)
        text = {**RULES, **self.writer.rules}[node.op](use)
        is_short = node.type.dtype.is_half and node.op not in _NEED_NO_ROUNDING
        return elementwise.rounded(use, text) if is_short else text

    def operand(self, node: Node, *, array: bool) -> Text:
        """A value as an operand: constants are written out, as an array where one is needed."""
        if node.id in self.texts:
            return self.texts[node.id]
        if node.op not in REPEATED:
            raise KeyError(f"{node!r} is not known in this function")
        use = Use(node, (), self.symbols, self.writer.need)
        if node.op == "const" and not node.attrs["shape"] and not array:
            return elementwise.constant(use)
        return RULES[node.op](use)

    def operand_constant(self, node: Node) -> Text:
        """A constant of any shape as a number."""
        return elementwise.constant(Use(node, (), self.symbols, self.writer.need))

    def results(self, names: Sequence[str], node: Node) -> None:
        """Makes the results of a node with several known."""
        self._items[node.id] = list(names)

    def sizes(self, entered: Mapping[str, Node]) -> tuple[list[str], list[str]]:
        """Lines that read the sizes used from the shapes of what entered, and the symbols not found there."""
        lines, missing = [], []
        for symbol in list(self.symbols.used):
            place = next(
                (
                    f"{name}.shape[{axis}]"
                    for name, node in entered.items()
                    if isinstance(node.result, TensorType)
                    for axis, dim in enumerate(node.type.shape)
                    if isinstance(dim, Dim) and str(dim) == symbol
                ),
                None,
            )
            if place is None:
                missing.append(symbol)
            else:
                lines.append(f"{self.writer.symbols[symbol]} = {place}")
        return lines, missing


class Scan:
    """A loop over time: its step as a function, and the loop that calls it."""

    def __init__(self, body: Body, node: Node) -> None:
        self._body = body
        self._node = node
        self._step: Graph = node.attrs["body"]
        self._carries: int = node.attrs["carries"]
        self._sequences: int = node.attrs["sequences"]

    def write(self) -> None:
        """Writes the loop into the function around it."""
        body, node = self._body, self._node
        results = node.result if isinstance(node.result, tuple) else (node.result,)
        words = self._words()
        function, passed = self._function(words)
        names = [body.names.new(word) for word in words]
        index = body.names.new("t")
        for name, operand in zip(names[: self._carries], node.inputs, strict=False):
            body.statement(f"{name} = {body.operand(operand, array=True).text}", None)
        for name, type_ in zip(names[self._carries :], results[self._carries :], strict=True):
            shape = Use(node, (), body.symbols, body.writer.need).shape(type_.shape)
            body.statement(f"{name} = {call('np.empty', shape, NUMPY_TYPES[type_.dtype]).text}", None)
        steps = f"range({size(node.attrs['length'], body.symbols).text})"
        steps = f"reversed({steps})" if node.attrs["reverse"] else steps
        body.statement(f"for {index} in {steps}:", None)
        targets = [*names[: self._carries], *(f"{name}[{index}]" for name in names[self._carries :])]
        arguments = self._arguments(names, index, passed)
        lines = assignment(targets, f"{function}({', '.join(arguments)})", 8)
        body.lines.extend(f"    {line}" for line in lines)
        body.results(names, node)

    def _words(self) -> list[str]:
        """What the results are called: as in the spec, where it says."""
        outputs = list(self._step.outputs.values())
        words = []
        for number, node in enumerate(outputs):
            word = self._body.writer.spec.value(node) if node.op not in {"input", "const"} else None
            word = word or ("carry" if number < self._carries else op_word(node))
            words.append(word if number < self._carries else f"{word}_all")
        return words

    def _function(self, words: Sequence[str]) -> tuple[str, list[str]]:
        """The step as a function of the module: its name, and the symbols it is given."""
        writer = self._body.writer
        layer = (self._node.scope.rpartition(".")[2].partition("[")[0] or "loop").rstrip("_0123456789")
        inner = writer.new_body(word=f"{layer}_step")
        entered: dict[str, Node] = {}
        for number, (name, node) in enumerate(self._step.inputs.items()):
            entered[inner.enter(node, self._input_word(number, name, words))] = node
        needed = self._step.ancestors(self._step.outputs.values())
        nodes = [
            node
            for node in self._step
            if node.id in needed and node.id not in inner.texts and node.op not in REPEATED
        ]
        results = list(self._step.outputs.values())
        inner.write(nodes, results)
        returned = [inner.operand(result, array=True).text for result in results]
        lines, missing = inner.sizes(entered)
        parameters = [*entered, *(writer.symbols[symbol] for symbol in missing)]
        doc = "One step of a loop over time."
        end = wrapped(f"return {', '.join(returned)}", 4)
        name = writer.function(f"{layer}_step", parameters, doc, [*lines, *inner.lines, *end])
        return name, [self._body.symbols.get(symbol) for symbol in missing]

    def _input_word(self, number: int, name: str, words: Sequence[str]) -> str:
        if name == INDEX:
            return "t"
        if number < self._carries:
            return words[number]
        operand = self._node.inputs[number]
        if operand.op in {"param", "state"}:
            return str(operand.attrs["name"]).rpartition(".")[2]
        return "x" if number < self._carries + self._sequences else op_word(operand)

    def _arguments(self, names: Sequence[str], index: str, passed: Sequence[str]) -> list[str]:
        operands = [self._body.operand(operand, array=True) for operand in self._node.inputs]
        first_constant = self._carries + self._sequences
        arguments = list(names[: self._carries])
        arguments += [f"{operand.atom}[{index}]" for operand in operands[self._carries : first_constant]]
        arguments += [operand.text for operand in operands[first_constant:]]
        return [*arguments, *([index] if INDEX in self._step.inputs else []), *passed]


def _type_text(type_: TensorType) -> str:
    """A type as a comment says it: floats of 32 bits are not mentioned."""
    text = str(type_)
    return text.removeprefix("f32") if type_.rank else ""


def _place(span: Span | None) -> tuple[str, int] | None:
    return None if span is None else (span.source.name.replace("\\", "/").rpartition("/")[2], span.line)
