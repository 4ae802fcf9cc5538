"""Functions that compute element by element: what NumPy would do one array after the other becomes one loop,
which Numba compiles.

Input: nodes of a function. Output: statements in which runs of elementwise ops, and the sums that end them,
are calls of loops. Products and convolutions are helpers with loops; everything else is NumPy's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from treadle.interop.standalone import elementwise, scalars
from treadle.interop.standalone.functions import Body, Scan
from treadle.interop.standalone.lines import assignment, wrapped
from treadle.interop.standalone.names import op_word
from treadle.interop.standalone.rules import NUMPY_TYPES, Rule, Use
from treadle.interop.standalone.segments import LEAVES, REPEATED
from treadle.interop.standalone.text import Text, call, sequence, size
from treadle.ir import Node
from treadle.types import DType, Shape, TensorType

_NUMBERS = elementwise.RULES.keys() - {"where", *elementwise.HELPERS} | {"sum", "max", "min", "prod"}
"""What gives a number where there are no axes; other ops may give an array of none."""
_LONGEST = 64  # characters of an expression that may stand inside of another one
_STARTS = {"sum": "0.0", "max": "-np.inf", "min": "np.inf"}
_STEPS = {
    "sum": "{name} += {x}",
    "max": "{name} = np.maximum({name}, {x})",
    "min": "{name} = np.minimum({name}, {x})",
}


def is_elementwise(node: Node) -> bool:
    """Whether a loop can compute a node element by element."""
    if node.op not in scalars.RULES or not node.type.rank or node.type.dtype.is_half:
        return False
    return not any(operand.type.dtype.is_half for operand in node.inputs)


def ends_loop(node: Node) -> bool:
    """Whether a node reduces the last axes, which a loop can do on its way; not all of them, since a compiled
    function gives numbers as Python's own."""
    if node.op not in _STARTS or not node.type.rank or node.type.dtype not in {DType.F32, DType.F64}:
        return False
    rank, axes = node.inputs[0].type.rank, node.attrs["axes"]
    return bool(axes) and axes == tuple(range(rank - len(axes), rank)) and 0 not in node.inputs[0].type.shape


@dataclass
class Cluster:
    """Nodes that one loop over `shape` computes."""

    shape: Shape
    nodes: list[Node] = field(default_factory=list)

    @property
    def ids(self) -> set[int]:
        return {node.id for node in self.nodes}

    def takes(self, node: Node) -> bool:
        """Whether a node fits into the loop; what a sum gives is known after the loop only."""
        if any(operand.id in self.ids and operand.op in _STARTS for operand in node.inputs):
            return False
        if ends_loop(node):
            return node.inputs[0].id in self.ids and self._same_axes(node)
        return is_elementwise(node) and node.type.shape == self.shape

    def _same_axes(self, node: Node) -> bool:
        return all(o.op not in _STARTS or o.attrs["axes"] == node.attrs["axes"] for o in self.nodes)


def _matmul(use: Use) -> Text:
    plain = all(operand.type.rank == 2 for operand in use.node.inputs)
    return use.helper("matmul" if plain else "matmul_batch", *use.operands)


RULES: dict[str, Rule] = {"matmul": _matmul}
"""What is said otherwise than in NumPy, outside of loops."""


class LoopBody(Body):
    """A function body with loops."""

    def write(
        self, nodes: Sequence[Node], results: Iterable[Node], wishes: Mapping[int, str] | None = None
    ) -> None:
        """Writes statements for nodes, runs of elementwise ones as calls of loops."""
        leaving = {node.id for node in results}
        self._uses = Counter(operand.id for node in nodes for operand in node.inputs)
        self._looped = {operand.id for node in nodes if node.op == "scan" for operand in node.inputs}
        self._leaving, self._wishes = leaving, dict(wishes or {})
        cluster: Cluster | None = None
        for node in nodes:
            if cluster is not None and cluster.takes(node):
                cluster.nodes.append(node)
                continue
            depends = cluster is not None and any(operand.id in cluster.ids for operand in node.inputs)
            starts = node.op not in {"scan", "item"} and is_elementwise(node)
            if cluster is not None and (depends or starts):
                self._close(cluster)
                cluster = None
            if starts:
                cluster = Cluster(node.type.shape, [node])
            else:
                self._plain(node)
        if cluster is not None:
            self._close(cluster)

    def _plain(self, node: Node) -> None:
        """A statement, or a part of one, in NumPy."""
        if node.op == "item":
            index: int = node.attrs["index"]
            self.texts[node.id] = Text(self._items[node.inputs[0].id][index])
        elif node.op == "scan":
            Scan(self, node).write()
        else:
            self._value(node, node.id in self._leaving, self._uses[node.id], self._wishes.get(node.id))

    def _close(self, cluster: Cluster) -> None:
        """Writes the call of a loop; a single op needs none."""
        if len(cluster.nodes) == 1:
            self._plain(cluster.nodes[0])
            return
        Loop(self, cluster, self._outside(cluster)).write()

    def _outside(self, cluster: Cluster) -> list[Node]:
        """The nodes of a loop that are needed after it."""
        inside = Counter(o.id for node in cluster.nodes for o in node.inputs if o.id in cluster.ids)
        return [n for n in cluster.nodes if n.id in self._leaving or self._uses[n.id] > inside[n.id]]

    def word_for(self, node: Node) -> str:
        """What the value of a node is called."""
        named = None if self._is_backward else self.writer.spec.value(node)
        return self._wishes.get(node.id) or named or op_word(node)


class Loop:
    """A cluster as a function, and its call."""

    def __init__(self, body: LoopBody, cluster: Cluster, results: Sequence[Node]) -> None:
        self._body = body
        self._cluster = cluster
        self._results = list(results)
        self._reductions = [node for node in cluster.nodes if node.op in _STARTS]
        self._inner = Body(body.writer)
        self._entered = {
            operand.id: operand
            for node in cluster.nodes
            for operand in node.inputs
            if operand.id not in cluster.ids and operand.op not in REPEATED
        }
        arrays = [node for node in self._entered.values() if node.type.rank]
        has_places = any(o.op == "iota" for node in cluster.nodes for o in node.inputs)
        self._is_flat = (
            not self._reductions
            and not has_places
            and bool(arrays)
            and all(node.type.shape == cluster.shape for node in arrays)
        )

    def write(self) -> None:
        """Writes the function and its call."""
        inner, body = self._inner, self._body
        names = {inner.names.new(self._word(node)): node for node in self._entered.values()}
        self._arrays = {node.id: name for name, node in names.items()}
        self._out = {node.id: inner.names.new(body.word_for(node)) for node in self._results}
        self._variables = self._loop_variables()
        lines = self._lines()
        sizes, missing = inner.sizes(names)
        writer = body.writer
        parameters = [*names, *(writer.symbols[symbol] for symbol in missing)]
        returned = wrapped(f"return {', '.join(self._out.values())}", 4)
        name = writer.function(
            f"{body.word}_loop",
            parameters,
            "One pass over the elements.",
            [*sizes, *lines, *returned],
            "@jit",
        )
        arguments = [self._argument(node) for node in self._entered.values()]
        arguments += [body.symbols.get(symbol) for symbol in missing]
        targets = [body.names.new(body.word_for(node)) for node in self._results]
        body.lines.extend(assignment(targets, f"{name}({', '.join(arguments)})", 4))
        body.texts |= {node.id: Text(target) for node, target in zip(self._results, targets, strict=True)}

    def _word(self, node: Node) -> str:
        """What an operand is called: as outside, where it has a name there."""
        text = self._body.operand(node, array=True).text
        if node.op in LEAVES:
            return text if text.isidentifier() else str(node.attrs["name"]).rpartition(".")[2]
        return text.rstrip("0123456789_") if text.isidentifier() else op_word(node)

    def _argument(self, node: Node) -> str:
        """An operand as an argument; a number in an array of no axes is taken out."""
        text = self._body.operand(node, array=True)
        is_array = not node.type.rank and node.op not in _NUMBERS
        return f"{text.atom}[()]" if is_array else text.text

    def _loop_variables(self) -> list[str]:
        if self._is_flat:
            return [self._inner.names.new("i")]
        letters = "ijklmnpq"
        return [
            self._inner.names.new(letters[axis] if axis < len(letters) else f"i{axis}")
            for axis in range(len(self._cluster.shape))
        ]

    def _lines(self) -> list[str]:
        """Allocation, the loops, and in them the elements."""
        lines, first = [], self._like()
        for node in self._results:
            text = call("np.empty", self._extent(node, first), NUMPY_TYPES[node.type.dtype]).text
            lines.append(f"{self._out[node.id]} = {text}")
        if self._is_flat:
            return [*lines, f"for {self._variables[0]} in range({first}.size):", *_indented(self._elements())]
        shape = self._cluster.shape
        kept = len(shape) - (len(self._reductions[0].attrs["axes"]) if self._reductions else 0)
        heads = [
            f"for {variable} in range({self._length(axis, first)}):"
            for axis, variable in enumerate(self._variables)
        ]
        totals = self._totals()
        block = _nested(heads[kept:], self._elements())
        starts = [f"{name} = {_STARTS[node.op]}" for node, name in totals]
        block = [*starts, *block, *self._stores(totals, kept)]
        return [*lines, *_nested(heads[:kept], block)]

    def _like(self) -> str:
        """An operand of the shape of the loop; sizes are read from it: all shapes share a function."""
        shape = self._cluster.shape
        alike = (name for i, name in self._arrays.items() if self._entered[i].type.shape == shape)
        return next(alike, "")

    def _length(self, axis: int, like: str) -> str:
        dim = self._cluster.shape[axis]
        return f"{like}.shape[{axis}]" if like else size(dim, self._inner.symbols).text

    def _extent(self, node: Node, like: str) -> Text:
        """The shape of a result."""
        if like and node.type.shape == self._cluster.shape:
            return Text(f"{like}.shape")
        if not like or node.op not in _STARTS:
            return Use(node, (), self._inner.symbols, self._inner.writer.need).shape(node.type.shape)
        kept = self._cluster.shape[: -len(node.attrs["axes"])]
        ones = ["1"] * (node.type.rank - len(kept))
        return sequence([*(self._length(axis, like) for axis in range(len(kept))), *ones])

    def _totals(self) -> list[tuple[Node, str]]:
        """The variables that collect, in which the elements are added."""
        found = [(node, self._inner.names.new(f"{node.op}_so_far")) for node in self._reductions]
        self._collected = {node.id: name for node, name in found}
        return found

    def _stores(self, totals: Sequence[tuple[Node, str]], kept: int) -> list[str]:
        lines = []
        for node, name in totals:
            index = [*self._variables[:kept], *(["0"] * (node.type.rank - kept))]
            lines.append(f"{self._out[node.id]}[{', '.join(index)}] = {name}")
        return lines

    def _elements(self) -> list[str]:
        """The statements for one element."""
        inner, lines = self._inner, []
        uses = Counter(o.id for node in self._cluster.nodes for o in node.inputs)
        for node in self._cluster.nodes:
            if node.op in _STARTS:
                x = inner.texts[node.inputs[0].id]
                lines.append(_STEPS[node.op].format(name=self._collected[node.id], x=x.text))
                continue
            operands = tuple(self._element(operand) for operand in node.inputs)
            text = scalars.RULES[node.op](Use(node, operands, inner.symbols, inner.writer.need))
            leaves = node.id in self._out
            if uses[node.id] > 1 or (leaves and uses[node.id]) or (not leaves and len(text.text) > _LONGEST):
                name = inner.names.new(f"{self._body.word_for(node).strip('_')}_i")
                lines.extend(wrapped(f"{name} = {text.text}", 12))
                text = Text(name)
            inner.texts[node.id] = text
            if leaves:
                lines.extend(wrapped(f"{self._at(self._out[node.id], node.type)} = {text.text}", 12))
        return lines

    def _element(self, operand: Node) -> Text:
        """The element of an operand that belongs to the one computed."""
        if operand.id in self._inner.texts:
            return self._inner.texts[operand.id]
        if operand.op == "const":
            return self._inner.operand_constant(operand)
        if operand.op == "iota":
            axis = operand.attrs["axis"] - operand.type.rank
            variable = self._variables[axis] if operand.type.shape[axis] != 1 else "0"
            return call("float", variable) if operand.type.dtype.is_float else Text(variable)
        return Text(self._at(self._arrays[operand.id], operand.type))

    def _at(self, name: str, type_: TensorType) -> str:
        if not type_.rank:
            return name
        if self._is_flat:
            return f"{name}.flat[{self._variables[0]}]"
        variables = self._variables[len(self._variables) - type_.rank :]
        shape = self._cluster.shape[len(self._variables) - type_.rank :]
        index = [
            variable if dim == full else "0"
            for variable, dim, full in zip(variables, type_.shape, shape, strict=True)
        ]
        return f"{name}[{', '.join(index)}]"


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _nested(heads: Sequence[str], body: Sequence[str]) -> list[str]:
    """Loops inside of each other."""
    lines = list(body)
    for head in reversed(heads):
        lines = [head, *_indented(lines)]
    return lines
