"""Symbolic dimensions: integer polynomials over symbols, floor divisions, remainders, minima, maxima.

A dimension is a Python `int` when it is known and a `Dim` otherwise. `Dim` is a normal form (terms sorted,
like terms merged, constants folded), so `==` decides equality of everything that the normal form can see:
`(N + 1) * 2 == 2*N + 2`. Symbols stand for integers >= 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod


@dataclass(frozen=True)
class Symbol:
    """A named size, such as the batch size `N`."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Apply:
    """A function of dimensions that is no polynomial: `//`, `%`, `min` or `max`."""

    function: str
    left: DimLike
    right: DimLike

    def __str__(self) -> str:
        if self.function in {"min", "max"}:
            return f"{self.function}({self.left}, {self.right})"
        return f"{_wrapped(self.left)} {self.function} {_wrapped(self.right)}"


Atom = Symbol | Apply
Monomial = tuple[Atom, ...]  # a sorted product of atoms; () is the constant term


@dataclass(frozen=True)
class Dim:
    """A sum of integer multiples of products of atoms; never a plain constant (that is an `int`)."""

    terms: tuple[tuple[Monomial, int], ...]

    def __add__(self, other: DimLike) -> DimLike:
        return _from_terms(_merge(_terms(self), _terms(other), 1))

    __radd__ = __add__

    def __sub__(self, other: DimLike) -> DimLike:
        return _from_terms(_merge(_terms(self), _terms(other), -1))

    def __rsub__(self, other: DimLike) -> DimLike:
        return _from_terms(_merge(_terms(other), _terms(self), -1))

    def __mul__(self, other: DimLike) -> DimLike:
        return _multiply(self, other)

    __rmul__ = __mul__

    def __neg__(self) -> DimLike:
        return _multiply(self, -1)

    def __floordiv__(self, other: DimLike) -> DimLike:
        return dim_floordiv(self, other)

    def __rfloordiv__(self, other: DimLike) -> DimLike:
        return dim_floordiv(other, self)

    def __mod__(self, other: DimLike) -> DimLike:
        return dim_mod(self, other)

    def __rmod__(self, other: DimLike) -> DimLike:
        return dim_mod(other, self)

    def __str__(self) -> str:
        return _text(self)

    __repr__ = __str__

    @property
    def symbols(self) -> frozenset[str]:
        """Names of all symbols in the dimension."""
        return _symbols(self)

    def substitute(self, values: Mapping[str, DimLike]) -> DimLike:
        """The dimension with symbols replaced; an `int` when none is left."""
        return _substitute(self, values)


DimLike = int | Dim


def symbol(name: str) -> Dim:
    """The dimension that is one named symbol."""
    return Dim((((Symbol(name),), 1),))


def dim_floordiv(left: DimLike, right: DimLike) -> DimLike:
    """`left // right`, simplified where the division is exact.

    Raises:
        ZeroDivisionError: if `right` is 0.
    """
    if isinstance(left, int) and isinstance(right, int):
        return left // right
    exact = exact_quotient(left, right)
    if exact is not None:
        return exact
    if isinstance(right, int) and isinstance(left, Dim):
        return _floordiv_by_int(left, right)
    return _apply("//", left, right)


def dim_mod(left: DimLike, right: DimLike) -> DimLike:
    """`left % right`, simplified where the division is exact."""
    if isinstance(left, int) and isinstance(right, int):
        return left % right
    if exact_quotient(left, right) is not None:
        return 0
    return _apply("%", left, right)


def dim_min(left: DimLike, right: DimLike) -> DimLike:
    """The smaller of two dimensions."""
    return _extreme("min", left, right, min)


def dim_max(left: DimLike, right: DimLike) -> DimLike:
    """The larger of two dimensions."""
    return _extreme("max", left, right, max)


def exact_quotient(left: DimLike, right: DimLike) -> DimLike | None:
    """The dimension q with `q * right == left` if the normal form can see one, else None."""
    if left == right:
        return 1
    if left == 0:
        return 0
    divisor = _terms(right)
    if len(divisor) != 1:
        return _quotient_by_sum(left, right)
    (monomial, coefficient), *_ = divisor.items()
    quotient: dict[Monomial, int] = {}
    for term, factor in _terms(left).items():
        rest = _remove(term, monomial)
        if rest is None or coefficient == 0 or factor % coefficient:
            return None
        quotient[rest] = factor // coefficient
    return _from_terms(quotient)


def free_symbols(dim: DimLike) -> frozenset[str]:
    """Names of all symbols of a dimension; empty for an `int`."""
    return frozenset() if isinstance(dim, int) else dim.symbols


def substitute(dim: DimLike, values: Mapping[str, DimLike]) -> DimLike:
    """`dim` with symbols replaced by `values`; others stay."""
    return dim if isinstance(dim, int) else dim.substitute(values)


def lower_bound(dim: DimLike) -> int | None:
    """A number the dimension cannot be below when every symbol is >= 0; None when unknown."""
    total = 0
    for monomial, factor in _terms(dim).items():
        bound = _monomial_bound(monomial)
        if bound is None or (factor < 0 and monomial):
            return None
        total += factor * bound
    return total


def _monomial_bound(monomial: Monomial) -> int | None:
    """A lower bound of a product; factors that may be negative have one only when they stand alone."""
    bounds = [_atom_bound(atom) for atom in monomial]
    known = [bound for bound in bounds if bound is not None]
    if len(known) < len(bounds) or (len(known) > 1 and min(known) < 0):
        return None
    return prod(known)


def _atom_bound(atom: Atom) -> int | None:
    if isinstance(atom, Symbol):
        return 0
    left, right = lower_bound(atom.left), lower_bound(atom.right)
    if atom.function == "max":
        return max((bound for bound in (left, right) if bound is not None), default=None)
    if left is None or right is None:
        return 0 if atom.function == "%" and isinstance(atom.right, int) and atom.right > 0 else None
    if atom.function == "min":
        return min(left, right)
    if isinstance(atom.right, int) and atom.right > 0:
        return 0 if atom.function == "%" else left // atom.right
    return None


def _quotient_by_sum(left: DimLike, right: DimLike) -> DimLike | None:
    """Division by a polynomial: the leading terms fix the only candidate, which is then multiplied out."""
    remainder, quotient = left, 0
    (lead, lead_factor) = _leading(right)
    for _ in range(16):
        if remainder == 0:
            return quotient
        (term, factor) = _leading(remainder)
        rest = _remove(term, lead)
        if rest is None or factor % lead_factor:
            return None
        step = _from_terms({rest: factor // lead_factor})
        quotient = quotient + step  # type: ignore[assignment]
        remainder = remainder - step * right
    return None


def _leading(dim: DimLike) -> tuple[Monomial, int]:
    return max(_terms(dim).items(), key=lambda term: (len(term[0]), [str(a) for a in term[0]]))


def _floordiv_by_int(left: Dim, right: int) -> DimLike:
    """Takes the part that `right` divides out of the floor: `(4*H + 3) // 2 == 2*H + 1`."""
    if right < 0:
        return _apply("//", left, right)
    whole: dict[Monomial, int] = {}
    rest: dict[Monomial, int] = {}
    for monomial, factor in left.terms:
        whole[monomial], rest[monomial] = divmod(factor, right)
    inner = _from_terms(rest)
    base = _from_terms(whole)
    if isinstance(inner, int):
        return base + inner // right
    nested = _nested_floordiv(inner, right)
    return base + (nested if nested is not None else _apply("//", inner, right))


def _nested_floordiv(inner: Dim, right: int) -> DimLike | None:
    """`(x // a) // b == x // (a * b)`."""
    if len(inner.terms) == 1:
        monomial, factor = inner.terms[0]
        if factor == 1 and len(monomial) == 1 and isinstance(monomial[0], Apply):
            atom = monomial[0]
            if atom.function == "//" and isinstance(atom.right, int):
                return dim_floordiv(atom.left, atom.right * right)
    return None


def _extreme(name: str, left: DimLike, right: DimLike, pick: Callable[[int, int], int]) -> DimLike:
    difference = left - right
    if isinstance(difference, int):
        return left if (difference <= 0) == (name == "min") else right
    if isinstance(left, int) and isinstance(right, int):
        return pick(left, right)
    first, second = sorted((left, right), key=str)
    return _apply(name, first, second)


def _apply(function: str, left: DimLike, right: DimLike) -> Dim:
    return Dim((((Apply(function, left, right),), 1),))


def _terms(dim: DimLike) -> dict[Monomial, int]:
    if isinstance(dim, int):
        return {(): dim} if dim else {}
    return dict(dim.terms)


def _from_terms(terms: Mapping[Monomial, int]) -> DimLike:
    kept = {monomial: factor for monomial, factor in terms.items() if factor}
    if not kept:
        return 0
    if len(kept) == 1:
        return kept[()] if () in kept else Dim(tuple(kept.items()))
    return Dim(tuple(sorted(kept.items(), key=_term_key)))


def _term_key(term: tuple[Monomial, int]) -> tuple[int, list[str]]:
    return (-len(term[0]), [str(atom) for atom in term[0]])


def _merge(left: dict[Monomial, int], right: dict[Monomial, int], sign: int) -> dict[Monomial, int]:
    for monomial, factor in right.items():
        left[monomial] = left.get(monomial, 0) + sign * factor
    return left


def _multiply(left: DimLike, right: DimLike) -> DimLike:
    product: dict[Monomial, int] = {}
    for a, x in _terms(left).items():
        for b, y in _terms(right).items():
            monomial = tuple(sorted(a + b, key=str))
            product[monomial] = product.get(monomial, 0) + x * y
    return _from_terms(product)


def _remove(term: Monomial, factor: Monomial) -> Monomial | None:
    rest = list(term)
    for atom in factor:
        if atom not in rest:
            return None
        rest.remove(atom)
    return tuple(rest)


@lru_cache(maxsize=4096)
def _symbols(dim: DimLike) -> frozenset[str]:
    found: set[str] = set()
    for monomial in _terms(dim):
        for atom in monomial:
            found |= {atom.name} if isinstance(atom, Symbol) else _symbols(atom.left) | _symbols(atom.right)
    return frozenset(found)


_FUNCTIONS: dict[str, Callable[[DimLike, DimLike], DimLike]] = {
    "//": dim_floordiv,
    "%": dim_mod,
    "min": dim_min,
    "max": dim_max,
}


def _substitute(dim: Dim, values: Mapping[str, DimLike]) -> DimLike:
    total: DimLike = 0
    for monomial, factor in dim.terms:
        product: DimLike = factor
        for atom in monomial:
            product = product * _substitute_atom(atom, values)
        total = total + product
    return total


def _substitute_atom(atom: Atom, values: Mapping[str, DimLike]) -> DimLike:
    if isinstance(atom, Symbol):
        return values.get(atom.name, Dim((((atom,), 1),)))
    return _FUNCTIONS[atom.function](substitute(atom.left, values), substitute(atom.right, values))


def _text(dim: Dim) -> str:
    text = ""
    for index, (monomial, factor) in enumerate(dim.terms):
        sign = "-" if factor < 0 else "+"
        body = "*".join(([str(abs(factor))] if abs(factor) != 1 or not monomial else []) + _factors(monomial))
        if index == 0:
            text = f"-{body}" if factor < 0 else body
        else:
            text += f" {sign} {body}"
    return text


def _factors(monomial: Monomial) -> list[str]:
    return [str(a) if isinstance(a, Symbol) or a.function in {"min", "max"} else f"({a})" for a in monomial]


def _wrapped(dim: DimLike) -> str:
    text = str(dim)
    return f"({text})" if (" " in text and not text.startswith("(")) or "*" in text or " + " in text else text
