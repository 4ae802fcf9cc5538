"""What is done to each sum before it is stored: an epilogue as text.

Input: lower's `Epilogue`, and a `Layout` that says where a result's elements lie. Output: lines that turn
`run` neighbouring sums `value0, value1, ...` into stores. Half-precision epilogues are computed in float32
and rounded once, when they are stored. Operands and outputs do not overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from treadle.backends.numba_cuda.expressions import ExprPrinter
from treadle.backends.numba_cuda.templates.elements import Element
from treadle.backends.numba_cuda.templates.simt import names
from treadle.backends.numba_cuda.templates.text import Param
from treadle.loops import Call, Const, Expr, Var
from treadle.lower.plan import Epilogue
from treadle.types import DType

HALF = {DType.F16, DType.BF16}


@dataclass(frozen=True)
class Place:
    """A tensor that a tail reads or writes: its pointer's name, parameters, and the text of its index at the
    first of the sums. `steps` says whether neighbouring sums have neighbouring elements."""

    name: str
    params: tuple[Param, ...]
    index: str
    steps: bool


@dataclass(frozen=True)
class Tail:
    """The lines after the sum.

    Attributes:
        element: the type of the outputs and operands.
        outputs: first the product's own.
        operands: by name.
        run: neighbouring sums handled at once, with one wide access where `Place.steps`.
        setup: lines that run once, when `column` is known.
    """

    element: Element
    epilogue: Epilogue
    outputs: tuple[Place, ...]
    operands: tuple[Place, ...] = ()
    run: int = 1
    setup: tuple[str, ...] = ()

    @property
    def params(self) -> tuple[Param, ...]:
        """All parameters of outputs and operands."""
        return tuple(param for place in (*self.outputs, *self.operands) for param in place.params)

    def lines(self) -> list[str]:
        """The text; it uses `value0` and so on and what the places' indices name."""
        each = [line for number in range(self.run) for line in self._element(number)]
        return [*self._reads(), *each, *self._stores()]

    def _reads(self) -> list[str]:
        return [self._read(place) for place in self.operands]

    def _read(self, place: Place) -> str:
        pointer = f"p_{place.name}"
        if place.steps and self.run > 1:
            return f"{names(place.name + '_', self.run)} = load{self.run}({pointer}, {place.index})"
        return f"{place.name} = {self.element.load(pointer, place.index)}"

    def _element(self, number: int) -> list[str]:
        wide = [place.name for place in self.operands if place.steps and self.run > 1]
        lets = [f"{let.name} = {_text(let.value)}" for let in self.epilogue.lets]
        results: Sequence[Expr] = self.epilogue.results or (Var("value", DType.F32),)
        return [
            f"value = value{number}",
            *(f"{name} = {self.element.converted(f'{name}_{number}')}" for name in wide),
            *lets,
            *(f"result{i}_{number} = {_text(result)}" for i, result in enumerate(results)),
        ]

    def _stores(self) -> list[str]:
        return [self._store(f"result{i}_", place) for i, place in enumerate(self.outputs)]

    def _store(self, stem: str, place: Place) -> str:
        if self.run > 1:
            values = ", ".join(self.element.stored(f"{stem}{number}") for number in range(self.run))
            return f"store{self.run}(p_{place.name}, {place.index}, {values})"
        return f"p_{place.name}[{place.index}] = {self.element.stored(stem + '0')}"


def plain_tail(element: Element, output: Place, run: int) -> Tail:
    """The tail that stores sums as they are."""
    return Tail(element, Epilogue(), (output,), (), run)


def _text(expr: Expr) -> str:
    return ExprPrinter().text(_in_single(expr))


def _in_single(expr: Expr) -> Expr:
    """The expression with half-precision values computed in float32."""
    if expr.dtype in HALF and isinstance(expr, Var | Const | Call):
        expr = replace(expr, dtype=DType.F32)
    if isinstance(expr, Call):
        return replace(expr, operands=tuple(map(_in_single, expr.operands)))
    return expr
