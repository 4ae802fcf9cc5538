"""Compile-time values: what an expression of the language can mean while a spec is expanded.

Plain values are Python's own `int`, `float`, `bool`, `str`, `list` and `tuple` (several results), and `Dim`
for sizes that are known by name only. The rest is defined here. Non-goals: computing with them (see
`operators`, `calls`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from treadle.frontend import ast
from treadle.ir import Node
from treadle.types import Dim, DimLike, DType, Shape, TensorType

if TYPE_CHECKING:
    from treadle.frontend.elaborate.scope import Scope
    from treadle.frontend.elaborate.trace import Trace

Value = Any


class _Singleton:
    """A value that stands for itself."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


ERROR = _Singleton("error")  # the value of a name whose statement failed; silences what depends on it
NONE = _Singleton("none")  # the language's `none`


@dataclass(frozen=True, slots=True)
class Tensor:
    """A run-time value: a node, and the trace (graph under construction) that it belongs to."""

    node: Node
    trace: Trace

    @property
    def type(self) -> TensorType:
        return self.node.type

    @property
    def identity(self) -> tuple[int, int]:
        """Equal for two values that are the same node of the same graph."""
        return id(self.trace), self.node.id

    @property
    def shape(self) -> Shape:
        return self.node.type.shape

    @property
    def rank(self) -> int:
        return len(self.node.type.shape)

    @property
    def dtype(self) -> DType:
        return self.node.type.dtype


@dataclass(eq=False)
class Instance:
    """The identity of one built layer: its name, its weights and the layers built inside it.

    `path` is None until the layer is first applied. `children` remembers the layers that a body builds, by
    place in the text and order, so that a second application finds the same ones.
    """

    name: str | None = None
    path: str | None = None
    leaves: dict[str, str] = field(default_factory=dict)
    children: dict[tuple[int, int], Instance] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)


@dataclass(frozen=True, eq=False)
class DefinitionValue:
    """A `layer`, `optimizer`, `schedule`, `init` or `model` before its first call, with its file."""

    definition: ast.Definition | ast.Model
    scope: Scope

    @property
    def name(self) -> str:
        return self.definition.name


@dataclass(frozen=True, eq=False)
class Built:
    """A definition after its first call: `dense(64)`, `adam(1e-3)`, `cosine(1e-3)`, `normal(0.02)`."""

    origin: DefinitionValue
    config: Mapping[str, Value]
    instance: Instance
    text: str

    @property
    def definition(self) -> ast.Definition | ast.Model:
        return self.origin.definition


@dataclass(frozen=True, eq=False)
class FnValue:
    """A function with the scope it was written in: an `fn` of a file, or an anonymous `fn(x) = ...`."""

    name: str
    params: tuple[ast.Parameter, ...]
    body: tuple[ast.Statement, ...] | ast.Expr
    scope: Scope
    definition: ast.Fn | None = None


@dataclass(frozen=True, eq=False)
class Builtin:
    """A function of the language that is written in Python."""

    name: str
    run: Callable[..., Value]
    params: tuple[BuiltinParameter, ...]
    variadic: bool = False


@dataclass(frozen=True)
class BuiltinParameter:
    """One parameter of a builtin: its name, and its default unless it must be given."""

    name: str
    required: bool


@dataclass(frozen=True)
class Namespace:
    """What stands before a dot: an aliased file, or a split of the data.

    `members` is None for a split whose file has not been read: it may have any column.
    """

    name: str
    members: Mapping[str, Value] | None
    noun: str = "file"


@dataclass(frozen=True)
class ScanIndex:
    """The index of a `scan`: picks the current element of its sequences, and is a number elsewhere."""

    position: Callable[[], Tensor]
    elements: Mapping[tuple[int, int], Tensor]  # by identity of the sequence


@dataclass(frozen=True)
class Steps:
    """`range(T)` with a symbolic length: only a scan can go over it."""

    length: DimLike


@dataclass(frozen=True)
class Group:
    """A selection of parameters by role: `weights`, `biases`, `params`."""

    name: str


class Silenced(Exception):  # noqa: N818 - not an error: its cause has been reported
    """Raised by the use of a name whose own statement failed."""


def is_number(value: Value) -> bool:
    """Whether `value` is a compile-time int or float; a bool is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_size(value: Value) -> bool:
    """Whether `value` can be a dimension: an int or a symbolic one."""
    return isinstance(value, int | Dim) and not isinstance(value, bool)


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a boolean"),
    (int, "an integer"),
    (float, "a float"),
    (str, "a string"),
    (Dim, "a dimension"),
    (list, "a list"),
    (tuple, "several values"),
    (FnValue, "a function"),
    (Builtin, "a function"),
    (DType, "an element type"),
    (ScanIndex, "the index of a scan"),
    (Group, "a group of parameters"),
)

_NOUNS: dict[type, str] = {
    ast.Layer: "layer",
    ast.Optimizer: "optimizer",
    ast.Schedule: "schedule",
    ast.Init: "initialiser",
    ast.Model: "model",
    ast.Fn: "function",
}


def noun_of(definition: ast.Definition | ast.Model) -> str:
    """The word for this sort of definition: "layer", "schedule"."""
    return _NOUNS[type(definition)]


def describe(value: Value) -> str:
    """What `value` is, in the user's words, for messages: "an integer (3)", "a tensor f32[N, 10]"."""
    if isinstance(value, Tensor):
        return f"a tensor {value.type}"
    if isinstance(value, Built):
        return f"the {noun_of(value.definition)} `{value.text}`"
    if isinstance(value, DefinitionValue):
        return f"the {noun_of(value.definition)} `{value.name}`"
    if isinstance(value, Namespace):
        return f"the {value.noun} `{value.name}`"
    if isinstance(value, _Singleton):
        return value.name
    kind = next((noun for kind, noun in _KINDS if isinstance(value, kind)), type(value).__name__)
    shows = is_number(value) or isinstance(value, bool | str | Dim)
    return f"{kind} ({show(value)})" if shows else kind


def show(value: Value) -> str:
    """`value` as a spec would write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 40 else f'"{value[:37]}..."'
    if isinstance(value, list):
        return "[" + ", ".join(show(item) for item in value[:8]) + (", ..." if len(value) > 8 else "") + "]"
    if isinstance(value, Built):
        return value.text
    if isinstance(value, DefinitionValue | FnValue | Builtin | Group | _Singleton):
        return value.name
    if isinstance(value, Tensor):
        return str(value.type)
    return str(value)
