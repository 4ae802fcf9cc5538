"""Syntax tree: expressions, types and parameters. Import these from `treadle.frontend.ast`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from treadle.frontend.ast_blocks import Statement
    from treadle.source import Span


@dataclass(frozen=True)
class Node:
    """Any piece of a spec."""

    span: Span = field(kw_only=True, compare=False, repr=False)


@dataclass(frozen=True)
class Literal(Node):
    """`3`, `1e-3`, `true`, `"text"`: the Python type of `value` is the kind (bool before int)."""

    value: int | float | bool | str


@dataclass(frozen=True)
class Name(Node):
    """A use of a name, or the name being bound in an assignment, a `for` or a `scan`."""

    id: str


@dataclass(frozen=True)
class Unary(Node):
    """`-x`, `not x`."""

    op: str
    operand: Expr


@dataclass(frozen=True)
class Binary(Node):
    """`op` is one of `+ - * / // % @ ^ == != < <= > >= and or`."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True)
class Pipe(Node):
    """`value |> target`: apply `target` to `value` (to each of its parts when `value` is a tuple)."""

    value: Expr
    target: Expr


@dataclass(frozen=True)
class Conditional(Node):
    """`then if condition else otherwise`, decided at compile time."""

    condition: Expr
    then: Expr
    otherwise: Expr


@dataclass(frozen=True)
class Argument(Node):
    """One argument of a call; `name` is set for `k = v`, and its place is `name_span`."""

    name: str | None
    value: Expr
    name_span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Call(Node):
    """`callee(args)`."""

    callee: Expr
    args: tuple[Argument, ...]


@dataclass(frozen=True)
class Slice(Node):
    """`start:stop:step` inside an index; each part may be missing."""

    start: Expr | None
    stop: Expr | None
    step: Expr | None


@dataclass(frozen=True)
class Dots(Node):
    """`...`: any number of leading axes, in an index or a tensor type."""


@dataclass(frozen=True)
class Index(Node):
    """`value[items]`; also `zeros[N, 4]`, a constructor with a shape."""

    value: Expr
    items: tuple[Expr | Slice | Dots, ...]


@dataclass(frozen=True)
class Attribute(Node):
    """`value.name`."""

    value: Expr
    name: str


@dataclass(frozen=True)
class List(Node):
    """`[a, b]`."""

    items: tuple[Expr, ...]


@dataclass(frozen=True)
class Comprehension(Node):
    """`[element for targets in iterable if condition]`."""

    element: Expr
    targets: tuple[Name, ...]
    iterable: Expr
    condition: Expr | None


@dataclass(frozen=True)
class Tuple(Node):
    """`(a, b)`, and the right side of `return a, b`, `yield a, b` and `x, y = a, b`."""

    items: tuple[Expr, ...]


@dataclass(frozen=True)
class Lambda(Node):
    """`fn(x) = body`."""

    params: tuple[Parameter, ...]
    body: Expr


@dataclass(frozen=True)
class Carry(Node):
    """`name = init` in the `with` part of a scan."""

    name: str
    init: Expr


@dataclass(frozen=True)
class Scan(Node):
    """`scan index in sequences [along axis] [reverse] [truncate n] with carries { body }`.

    `along` is set when `sequences` are tensors stepped through along the named axis; without it there is one
    sequence, a compile-time range. The body ends with `Yield`, whose values are stacked.
    """

    index: Name
    sequences: tuple[Expr, ...]
    axis: Expr | None
    reverse: bool
    truncate: Expr | None
    carries: tuple[Carry, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class KindType(Node):
    """The kind of a compile-time parameter: int, float, bool, string, layer, fn, list, dim or any."""

    kind: str


@dataclass(frozen=True)
class TensorType(Node):
    """`dtype[dims]`; `dtype` is None in the short form `[dims]`, which means the default float type (f32)."""

    dtype: str | None
    dims: tuple[Expr | Dots, ...]


@dataclass(frozen=True)
class Parameter(Node):
    """`name`, `name: type`, `name = default`, `name: type = default`."""

    name: str
    type: Type | None
    default: Expr | None


Type: TypeAlias = KindType | TensorType
Expr: TypeAlias = (
    Literal
    | Name
    | Unary
    | Binary
    | Pipe
    | Conditional
    | Call
    | Index
    | Attribute
    | List
    | Comprehension
    | Tuple
    | Lambda
    | Scan
)


def children(node: Node) -> Iterator[Node]:
    """Yield the nodes directly inside `node`, in source order of their fields."""
    for spec in fields(node):
        value = getattr(node, spec.name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, Node))


def walk(root: Node) -> Iterator[Node]:
    """Yield `root` and everything below it, parents first; uses no recursion, so any depth is safe."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(list(children(node))))
