"""Affine indices: an offset plus multiples of integer variables.

While a kernel is being built, offsets and factors are numbers. In a finished kernel those other than 0 and
1 are `Size` parameters, so that one kernel serves all shapes of the same structure (see
`loops/abstract.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """A size parameter of a kernel, by number; its value comes with each call."""

    number: int

    def __str__(self) -> str:
        return f"s{self.number}"


SizeLike = int | Size
Term = tuple[str, SizeLike]


@dataclass(frozen=True, slots=True)
class Index:
    """`offset + sum(factor * variable)`; terms are sorted by variable and have no zero factor."""

    offset: SizeLike = 0
    terms: tuple[Term, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.terms)

    @property
    def constant(self) -> int | None:
        """The value if no variable is involved, else None."""
        return self.offset if not self.terms and isinstance(self.offset, int) else None

    def factor(self, variable: str) -> int:
        """The number that multiplies a variable; 0 if it does not occur."""
        return number(dict(self.terms).get(variable, 0))

    def plus(self, other: Index | int, times: int = 1) -> Index:
        """`self + times * other`."""
        added = Index(other) if isinstance(other, int) else other
        factors = {name: number(factor) for name, factor in self.terms}
        for name, factor in added.terms:
            factors[name] = factors.get(name, 0) + times * number(factor)
        return affine(number(self.offset) + times * number(added.offset), factors)

    def times(self, factor: int) -> Index:
        """`factor * self`."""
        return Index().plus(self, factor)

    def without(self, variable: str) -> Index:
        """The index with a variable set to 0."""
        return Index(self.offset, tuple(term for term in self.terms if term[0] != variable))

    def replace(self, values: Mapping[str, Index]) -> Index:
        """The index with variables replaced by indices."""
        result = Index(self.offset)
        for name, factor in self.terms:
            result = result.plus(values.get(name, variable_index(name)), number(factor))
        return result

    def __str__(self) -> str:
        parts = [name if factor == 1 else f"{factor}*{name}" for name, factor in self.terms]
        if self.offset != 0 or not parts:
            parts.append(str(self.offset))
        return " + ".join(parts)


def number(size: SizeLike) -> int:
    """The value of a size that is a number.

    Raises:
        TypeError: for a size parameter, whose value a finished kernel does not know.
    """
    if isinstance(size, Size):
        raise TypeError(f"{size} is a parameter; indices can be changed only while a kernel is being built")
    return size


def affine(offset: int, factors: Mapping[str, int]) -> Index:
    """The index with these factors, in normal form."""
    return Index(offset, tuple(sorted((name, factor) for name, factor in factors.items() if factor)))


def variable_index(name: str) -> Index:
    """The index that is one variable."""
    return Index(0, ((name, 1),))


def dot(indices: Iterable[Index], strides: Iterable[int], offset: int = 0) -> Index:
    """`offset + sum(stride * index)`: the address of an element."""
    result = Index(offset)
    for index, stride in zip(indices, strides, strict=True):
        result = result.plus(index, stride)
    return result
