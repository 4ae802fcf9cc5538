"""The builder: the only way to make nodes. It infers types, hash-conses and remembers where nodes come
from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from treadle.errors import Diagnostic, Label, TreadleError
from treadle.ir.graph import Graph
from treadle.ir.node import Node, attrs_key, freeze_attrs
from treadle.ops import REGISTRY
from treadle.ops.opdef import AnyType, OpDef, TypeRuleError
from treadle.ops.rules import need_sizes
from treadle.source import Span
from treadle.types import DType, Shape, TensorType


class Builder:
    """Adds nodes to a graph: `g.add(a, b)`, `g.sum(x, axes=(0,), keepdims=False)`.

    Any op of the registry is a method. Operands may be Python numbers, which become constants of the type
    of the first tensor operand. Equal nodes are made once.

    Raises (from ops):
        TreadleError: with a located diagnostic when the op refuses its operands.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._known: dict[Any, Node] = {}
        self.place: tuple[Span | None, str] = (None, "")  # where new nodes come from
        for node in graph:
            self._known.setdefault(self._key(node.op, node.inputs, node.attrs), node)

    def __getattr__(self, name: str) -> Callable[..., Node]:
        if name not in REGISTRY:
            raise AttributeError(f"no op is named {name!r}; register it in src/treadle/ops/")
        return lambda *operands, **attrs: self.apply(name, *operands, **attrs)

    def apply(self, name: str, /, *operands: Node | float, **attrs: Any) -> Node:
        """Applies an op: fills default attributes, infers the type, returns an equal node if there is one."""
        op = REGISTRY[name]
        inputs = self._as_nodes(operands)
        full = freeze_attrs(_with_defaults(op, attrs))
        key = self._key(name, inputs, full)
        if key in self._known:
            return self._known[key]
        node = self.graph.add(name, inputs, full, self._infer(op, inputs, full), *self.place)
        self._known[key] = node
        return node

    def adopt(self, node: Node, inputs: tuple[Node, ...]) -> Node:
        """A node of another graph again, on operands of the same types: nothing is inferred a second time."""
        key = self._key(node.op, inputs, node.attrs)
        if key not in self._known:
            self._known[key] = self.graph.add(node.op, inputs, node.attrs, node.result, *self.place)
        return self._known[key]

    def constant(self, value: float, dtype: DType = DType.F32, shape: Shape = ()) -> Node:
        """A constant, every element of which is `value`."""
        exact = float(value) if dtype.is_float else value
        return self.apply("const", value=exact, dtype=dtype, shape=shape)

    def input(self, name: str, type_: TensorType) -> Node:
        """A value given at each run."""
        node = self.apply("input", name=name, dtype=type_.dtype, shape=type_.shape)
        self.graph.inputs[name] = node
        return node

    def param(self, name: str, type_: TensorType) -> Node:
        """A trainable value."""
        node = self.apply("param", name=name, dtype=type_.dtype, shape=type_.shape)
        self.graph.params[name] = node
        return node

    def state(self, name: str, type_: TensorType) -> Node:
        """A value that persists and is not trained."""
        node = self.apply("state", name=name, dtype=type_.dtype, shape=type_.shape)
        self.graph.states[name] = node
        return node

    def at(self, span: Span | None, scope: str | None = None) -> _At:
        """New nodes come from `span` (and layer path `scope`) inside the `with` block."""
        return _At(self, span, self.place[1] if scope is None else scope)

    def _as_nodes(self, operands: tuple[Node | float, ...]) -> tuple[Node, ...]:
        dtypes = [o.type.dtype for o in operands if isinstance(o, Node) and not isinstance(o.result, tuple)]
        like = next(
            (dtype for dtype in dtypes if dtype is not DType.BOOL), dtypes[0] if dtypes else DType.F32
        )
        return tuple(o if isinstance(o, Node) else self.constant(o, like) for o in operands)

    def _key(self, name: str, inputs: tuple[Node, ...], attrs: Mapping[str, Any]) -> Any:
        return (name, tuple(node.id for node in inputs), attrs_key(attrs))

    def _infer(self, op: OpDef, inputs: tuple[Node, ...], attrs: Mapping[str, Any]) -> AnyType:
        if not op.is_variadic and len(inputs) != len(op.signature):
            raise TypeError(f"{op.name} takes {len(op.signature)} operands, not {len(inputs)}")
        try:
            result = op.infer([_operand_type(op, node) for node in inputs], attrs)
            need_sizes(op.name, result)
            return result
        except TypeRuleError as error:
            raise TreadleError([self._located(inputs, error)]) from None

    def _located(self, inputs: tuple[Node, ...], error: TypeRuleError) -> Diagnostic:
        concerned = (inputs[index] for index in error.operands if index < len(inputs))
        labels = tuple(
            Label(node.span, f"this is {node.type}")
            for node in concerned
            if node.span is not None and node.span != self.place[0]
        )
        return Diagnostic(error.code, error.message, self.place[0], labels=labels, hint=error.hint)


def _operand_type(op: OpDef, node: Node) -> Any:
    return node.result if op.name == "item" else node.type


def _with_defaults(op: OpDef, attrs: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(attrs) - set(op.attrs)
    missing = [name for name, default in op.attrs.items() if default is ... and name not in attrs]
    if unknown or missing:
        raise TypeError(f"{op.name}: unknown attributes {sorted(unknown)}, missing {missing}")
    return {**op.attrs, **attrs}


class _At:
    """The `with` block of `Builder.at`; a generator would cost more than most nodes do."""

    __slots__ = ("before", "builder", "place")

    def __init__(self, builder: Builder, span: Span | None, scope: str) -> None:
        self.builder = builder
        self.place = (span, scope)

    def __enter__(self) -> None:
        self.before = self.builder.place
        self.builder.place = self.place

    def __exit__(self, *_: object) -> None:
        self.builder.place = self.before
