"""The op record: everything the compiler knows about one operation, and the registry of all of them.

An op has ONE type rule (used to build and to check), one VJP, one NumPy meaning, and either a scalar formula
(elementwise ops), a decomposition (composites) or neither (primitives, lowered in `lower/`). Ops know
nothing of
graphs: a VJP or a decomposition gets a builder `g` and node handles and returns node handles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from treadle.types import TensorType

Attrs = Mapping[str, Any]
AnyType = TensorType | tuple[TensorType, ...]


class NodeLike(Protocol):
    """What a rule may ask of a node."""

    @property
    def op(self) -> str: ...
    @property
    def inputs(self) -> tuple[Any, ...]: ...
    @property
    def attrs(self) -> Attrs: ...
    @property
    def type(self) -> Any: ...


class BuilderLike(Protocol):
    """What a rule may do: apply ops by name (`g.mul(a, b)`, `g.sum(x, axes=(0,), keepdims=False)`)."""

    def __getattr__(self, op: str) -> Callable[..., Any]: ...


class TypeRuleError(Exception):
    """An op refuses its operands or attributes. The builder turns it into a located diagnostic.

    `operands` are the indices of the operands to point at.
    """

    def __init__(
        self, code: str, message: str, operands: Sequence[int] = (), hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.operands = tuple(operands)
        self.hint = hint


@dataclass(frozen=True)
class Sample:
    """One example of an op: operand shapes and attributes. The registry's tests run over all samples.

    `domain` names the values that operands are drawn from: normal, positive, unit (in (0, 1)), nonzero,
    above one, int, bool, regular (normal, and square matrices far from singular).
    `dtypes` overrides the element type of operands (default f64 in tests, from the domain).
    """

    shapes: tuple[tuple[int, ...], ...]
    attrs: Attrs = field(default_factory=dict)
    domain: str = "normal"
    dtypes: tuple[str, ...] = ()


Infer = Callable[[Sequence[TensorType], Attrs], AnyType]
Vjp = Callable[[Any, Any, Any], Sequence[Any]]
Reference = Callable[..., Any]


@dataclass(frozen=True)
class OpDef:
    """One operation.

    Attributes:
        name: its name in graphs and, for most, in the language.
        signature: operand names in order; a last name that starts with `*` takes any number.
        infer: `(operand types, attrs) -> type`; raises `TypeRuleError`.
        vjp: `(g, node, grad) -> one gradient node or None per operand`; operands that broadcast are summed
            back centrally. None where the op has no derivative rule (then `traits` has "nondiff" or it is an
            error).
        reference: `(*arrays, **attrs) -> array`: the NumPy meaning, for any float width.
        scalar: for elementwise ops `(s, *scalars) -> scalar` over the scalar builder of the loop IR.
        decompose: for composites `(g, *nodes, **attrs) -> node`.
        attrs: attribute names with defaults (`...` for required ones).
        traits: any of "elementwise", "commutative", "associative", "idempotent", "nondiff", "leaf", "view",
            "reduction", "own gradient" (of a composite: not the one of what it is made of).
        samples: examples for the tests.
    """

    name: str
    signature: tuple[str, ...]
    infer: Infer
    doc: str
    reference: Reference | None = None
    vjp: Vjp | None = None
    scalar: Callable[..., Any] | None = None
    decompose: Callable[..., Any] | None = None
    attrs: Attrs = field(default_factory=dict)
    traits: frozenset[str] = frozenset()
    samples: tuple[Sample, ...] = ()

    @property
    def is_elementwise(self) -> bool:
        return "elementwise" in self.traits

    @property
    def is_variadic(self) -> bool:
        return bool(self.signature) and self.signature[-1].startswith("*")


class Registry:
    """All ops by name."""

    def __init__(self) -> None:
        self._ops: dict[str, OpDef] = {}

    def add(self, op: OpDef) -> OpDef:
        if op.name in self._ops:
            raise ValueError(f"op {op.name} is registered twice")
        self._ops[op.name] = op
        return op

    def __getitem__(self, name: str) -> OpDef:
        return self._ops[name]

    def __contains__(self, name: object) -> bool:
        return name in self._ops

    def __iter__(self) -> Iterator[OpDef]:
        return iter(self._ops.values())

    def names(self) -> list[str]:
        return list(self._ops)


REGISTRY = Registry()
