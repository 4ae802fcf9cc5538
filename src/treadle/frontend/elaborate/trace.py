"""Traces: graphs under construction, and how a value of an outer graph enters an inner one.

A model has one root trace; the body of a `scan` is an inner trace. A tensor of an outer trace that is used in
an inner one becomes a constant operand of the scan, without the user saying so. Initial values have a trace
of their own.
"""

from __future__ import annotations

from zlib import crc32

from treadle.errors import fail
from treadle.frontend.elaborate.values import Tensor
from treadle.ir import RNG_INPUT, STEP_INPUT, Builder, Graph, Node
from treadle.source import Span
from treadle.types import DType, TensorType

INDEX_INPUT = "index"  # the number of the current step, in the body of a scan
STREAMS = 1 << 31


class Trace:
    """One graph being built.

    Attributes:
        builder: makes its nodes.
        parent: the trace around a scan body, None for a root.
        salt: makes the random draws of one training phase other than those of the next.
        draws, streams: how often each place drew at random, and the numbers given out.
        captures: for a scan body, the inner input that stands for each outer tensor, by outer node id.
    """

    def __init__(self, name: str, parent: Trace | None = None, salt: str = "") -> None:
        self.graph = Graph(name)
        self.builder = Builder(self.graph)
        self.parent = parent
        self.salt = salt
        self.captures: dict[int, tuple[Tensor, Node]] = {}
        self._index: Node | None = None
        self.draws: dict[str, int] = {}
        self.streams: set[int] = set()

    def tensor(self, node: Node) -> Tensor:
        """`node` of this trace as a value."""
        return Tensor(node, self)

    def adopt(self, value: Tensor, span: Span | None = None) -> Node:
        """The node that stands for `value` in this trace.

        Raises:
            TreadleError: E0503 if the value belongs to a graph that this one is not inside of.
        """
        if value.trace is self:
            return value.node
        if value.node.op == "const":
            return self.builder.apply("const", **value.node.attrs)
        if (
            self.parent is None
            and value.node.op in {"param", "state"}
            and value.node.attrs["name"] in self.graph.outputs
        ):
            return self.graph.outputs[value.node.attrs["name"]]
        if self.parent is None:
            fail("E0503", "an initial value cannot depend on what the network computes", span)
        outer = Tensor(self.parent.adopt(value, span), self.parent)
        return self._capture(outer)

    def _capture(self, outer: Tensor) -> Node:
        existing = self.captures.get(outer.node.id)
        if existing is not None:
            return existing[1]
        inner = self.builder.input(f"k{len(self.captures)}", outer.node.type)
        self.captures[outer.node.id] = (outer, inner)
        return inner

    def root(self) -> Trace:
        """The outermost trace."""
        trace = self
        while trace.parent is not None:
            trace = trace.parent
        return trace

    def index(self) -> Node:
        """The number of the current step of the scan whose body this is."""
        if self._index is None:
            self._index = self.builder.input(INDEX_INPUT, TensorType(DType.I64, ()))
        return self._index

    def step(self) -> Node:
        """The number of the optimizer step."""
        return self.reserved(STEP_INPUT, TensorType(DType.I64, ()))

    def key(self) -> Node:
        """The key of random draws: the run's seed and step, and in a scan body the step of the scan too."""
        if self.parent is None:
            return self.reserved(RNG_INPUT, TensorType(DType.I64, (2,)))
        outer = Tensor(self.parent.key(), self.parent)
        return self.builder.apply("fold_in", self.adopt(outer), self.index())

    def stream(self, scope: str) -> int:
        """A number for one place that draws at random, by layer path: other layers' draws stay the same."""
        root = self.root()
        count = root.draws.get(scope, 0)
        root.draws[scope] = count + 1
        number = crc32(f"{root.salt}{scope}#{count}".encode()) % STREAMS
        while number in root.streams:
            number = (number + 1) % STREAMS
        root.streams.add(number)
        return number

    def reserved(self, name: str, type_: TensorType) -> Node:
        """A value that the runtime gives to every run, made an input when it is first used."""
        if self.parent is not None:
            return self.adopt(Tensor(self.parent.reserved(name, type_), self.parent))
        return self.graph.inputs.get(name) or self.builder.input(name, type_)
