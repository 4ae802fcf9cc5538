"""`scan`: the one run-time loop, as a node that owns a sub-graph.

The body is traced once in a graph of its own. Carried values and the elements of sequences are its inputs;
whatever else of the outer graph it uses becomes a constant operand by itself. The stacked results lie along
the axis that the first sequence was stepped along.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend import ast
from treadle.frontend.elaborate import convert, statements
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.trace import INDEX_INPUT, Trace
from treadle.frontend.elaborate.values import ScanIndex, Steps, Tensor, Value, describe, is_number
from treadle.ir import Graph, Node
from treadle.source import Span
from treadle.types import DimLike, TensorType

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator


def evaluate(el: Elaborator, expr: ast.Scan, scope: Scope) -> Value:
    """Build the scan; binds the carried names to their final values in `scope`.

    Output: the stacked yields; without `yield`, the final carried values.

    Raises:
        TreadleError: E0512 sequences that cannot step together, E0513 nothing carried or yielded, E0219 a
            carried
            value that changes its type.
    """
    with el.at(expr.span):
        return _Scan(el, expr, scope).build()


class _Scan:
    """One scan being built."""

    def __init__(self, el: Elaborator, expr: ast.Scan, scope: Scope) -> None:
        self.el = el
        self.expr = expr
        self.scope = scope
        self.outer = el.trace
        self.axis = 0
        self.length: DimLike = 0
        self.start, self.stride = 0, 1
        self.spoken: list[list[Tensor]] = []  # each sequence as the text may name it
        self.sequences: list[Tensor] = []

    def build(self) -> Value:
        self._read_sequences()
        initial = [self.el.evaluate(carry.init, self.scope) for carry in self.expr.carries]
        plain = [is_number(value) for value in initial]
        carries = [
            self._adopted(convert.to_tensor(self.el, v, c.span))
            for v, c in zip(initial, self.expr.carries, strict=True)
        ]
        application = self.el.application
        seen = dict(application.seen)
        nexts, yields, body = self._trace_body(carries)
        grown = [number and n.type != c.type for number, n, c in zip(plain, nexts, carries, strict=True)]
        if any(grown):
            carries = [
                self._spread(c, n.type) if g else c for g, c, n in zip(grown, carries, nexts, strict=True)
            ]
            application.seen.clear()
            application.seen.update(seen)
            nexts, yields, body = self._trace_body(carries)
        self._check_carries(carries, nexts)
        return self._finish(carries, nexts, yields, body)

    def _adopted(self, tensor: Tensor) -> Tensor:
        return Tensor(self.outer.adopt(tensor, self.expr.span), self.outer)

    def _spread(self, carry: Tensor, type_: TensorType) -> Tensor:
        """A carried plain number takes the type that the body gives it."""
        return self.el.op("broadcast_to", convert.cast(self.el, carry, type_.dtype), shape=type_.shape)

    def _read_sequences(self) -> None:
        values = [self.el.evaluate(sequence, self.scope) for sequence in self.expr.sequences]
        if self.expr.axis is None:
            self._read_range(values[0], self.expr.sequences[0].span)
            return
        for value, sequence in zip(values, self.expr.sequences, strict=True):
            self._add_sequence(convert.to_tensor(self.el, value, sequence.span), sequence)

    def _read_range(self, value: Value, span: Span) -> None:
        if isinstance(value, range):
            self.length, self.start, self.stride = len(value), value.start, value.step
        elif isinstance(value, Steps):
            self.length = value.length
        elif isinstance(value, list) and all(is_number(item) for item in value) and value:
            table = convert.table(self.el, value, span)
            self.length = len(value)
            self.spoken, self.sequences = [[table]], [table]
        else:
            hint = "name the axis to step along: `scan t in x along T`" if isinstance(value, Tensor) else None
            fail("E0512", f"a scan cannot go over {describe(value)}", span, hint=hint)
        if self.length == 0:
            fail("E0512", "a scan over an empty range", span)

    def _add_sequence(self, tensor: Tensor, sequence: ast.Expr) -> None:
        axis = self._axis_of(tensor, sequence)
        length = tensor.shape[axis]
        if not self.sequences:
            self.axis, self.length = axis, length
        elif length != self.length:
            fail("E0512", f"this sequence has {length} steps, the first has {self.length}", sequence.span)
        adopted = self._adopted(tensor)
        order = (axis, *(i for i in range(tensor.rank) if i != axis))
        self.spoken.append([tensor, adopted])
        self.sequences.append(adopted if axis == 0 else self.el.op("transpose", adopted, perm=order))

    def _axis_of(self, tensor: Tensor, sequence: ast.Expr) -> int:
        """The axis to step along: by its declared name, by its size, or by its number."""
        expr = self.expr.axis
        assert expr is not None  # noqa: S101 - called for tensor sequences only
        if isinstance(expr, ast.Name) and isinstance(sequence, ast.Name):
            names = self.scope.find_axes(sequence.id) or ()
            if expr.id in names:
                return names.index(expr.id)
        if isinstance(expr, ast.Name):
            matching = [
                axis for axis, dim in enumerate(tensor.shape) if dim == self.el.evaluate(expr, self.scope)
            ]
            if len(matching) == 1:
                return matching[0]
            found = "no axis" if not matching else "more than one axis"
            hint = "write the number of the axis: `along 1`"
            fail("E0512", f"{found} of {tensor.type} has the size {expr.id}", expr.span, hint=hint)
        number = self.el.evaluate(expr, self.scope)
        if not isinstance(number, int) or not -tensor.rank <= number < tensor.rank:
            fail("E0512", f"{tensor.type} has no axis {number}", expr.span)
        return number % tensor.rank

    def _trace_body(self, carries: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor], Trace]:
        el, body = self.el, Trace("scan", self.outer)
        inner = Scope(self.scope)
        for number, (carry, tensor) in enumerate(zip(self.expr.carries, carries, strict=True)):
            inner.bind(carry.name, body.tensor(body.builder.input(f"c{number}", tensor.type)))
        elements: dict[tuple[int, int], Tensor] = {}
        for number, (spoken, moved) in enumerate(zip(self.spoken, self.sequences, strict=True)):
            element = body.tensor(body.builder.input(f"s{number}", moved.type.with_shape(moved.shape[1:])))
            elements.update({name.identity: element for name in spoken})
        with el.inside(body), el.disowning(), el.yielding() as yields:
            inner.bind(self.expr.index.id, self._index_value(body, elements))
            statements.run_all(el, self.expr.body, inner)
            nexts = [self._next(body, inner, carry) for carry in self.expr.carries]
            tensors = [convert.to_tensor(el, value, self.expr.span) for value in yields]
        return nexts, [Tensor(body.adopt(t), body) for t in tensors], body

    def _next(self, body: Trace, inner: Scope, carry: ast.Carry) -> Tensor:
        value = inner.lookup(carry.name, carry.span)
        current = body.graph.inputs[f"c{[c.name for c in self.expr.carries].index(carry.name)}"]
        tensor = convert.to_tensor(
            self.el, value, carry.span, current.type.dtype if is_number(value) else None
        )
        return Tensor(body.adopt(tensor), body)

    def _index_value(self, body: Trace, elements: dict[tuple[int, int], Tensor]) -> Value:
        if self.expr.axis is None and self.sequences:
            return next(iter(elements.values()))

        def position() -> Tensor:
            number = body.tensor(body.index())
            scaled = number if self.stride == 1 else self._int_op("mul", number, self.stride)
            return scaled if self.start == 0 else self._int_op("add", scaled, self.start)

        return ScanIndex(position, elements)

    def _int_op(self, name: str, tensor: Tensor, number: int) -> Tensor:
        return self.el.op(name, tensor, convert.constant(self.el, number, tensor.dtype))

    def _check_carries(self, carries: Sequence[Tensor], nexts: Sequence[Tensor]) -> None:
        for carry, before, after in zip(self.expr.carries, carries, nexts, strict=True):
            if before.type != after.type:
                fail(
                    "E0219",
                    f"`{carry.name}` starts as {before.type} and becomes {after.type} after one step",
                    carry.span,
                    hint=f"start it as {after.type}",
                )

    def _finish(self, carries: list[Tensor], nexts: list[Tensor], yields: list[Tensor], body: Trace) -> Value:
        if not carries and not yields:
            fail("E0513", "this scan carries nothing and yields nothing", self.expr.span)
        graph = body.graph
        graph.outputs = {f"c{i}": n.node for i, n in enumerate(nexts)} | {
            f"y{i}": y.node for i, y in enumerate(yields)
        }
        captured = [outer for outer, _ in body.captures.values()]
        _order_inputs(
            graph, len(carries), len(self.sequences), [inner for _, inner in body.captures.values()]
        )
        node = self.el.op(
            "scan",
            *carries,
            *self.sequences,
            *captured,
            body=graph,
            carries=len(carries),
            sequences=len(self.sequences),
            reverse=self.expr.reverse,
            length=self.length,
            truncate=self._truncation(),
        )
        items = [self.el.op("item", node, index=i) for i in range(len(carries) + len(yields))]
        for carry, final in zip(self.expr.carries, items, strict=False):
            self.scope.bind(carry.name, final)
        results = [self._placed(item) for item in items[len(carries) :]] or items
        return results[0] if len(results) == 1 else tuple(results)

    def _placed(self, stacked: Tensor) -> Tensor:
        """Stacked results with the steps along the axis of the first sequence."""
        axis = min(self.axis, stacked.rank - 1)
        if axis == 0:
            return stacked
        rest = list(range(1, stacked.rank))
        return self.el.op("transpose", stacked, perm=(*rest[:axis], 0, *rest[axis:]))

    def _truncation(self) -> int | None:
        if self.expr.truncate is None:
            return None
        value = self.el.evaluate(self.expr.truncate, self.scope)
        if not isinstance(value, int) or value < 1:
            fail(
                "E0411",
                f"`truncate` takes a positive integer, not {describe(value)}",
                self.expr.truncate.span,
            )
        return value


def _order_inputs(graph: Graph, carries: int, sequences: int, captured: list[Node]) -> None:
    """The inputs in the order of the scan's operands: carries, sequences, constants, then the index."""
    first = {f"c{i}": graph.inputs[f"c{i}"] for i in range(carries)}
    second = {f"s{i}": graph.inputs[f"s{i}"] for i in range(sequences)}
    third = {f"k{i}": node for i, node in enumerate(captured)}
    last = {INDEX_INPUT: graph.inputs[INDEX_INPUT]} if INDEX_INPUT in graph.inputs else {}
    graph.inputs = {**first, **second, **third, **last}
