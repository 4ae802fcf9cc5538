"""`einsum("bij,bjk->bik", a, b)`: products and sums named by letters, as transposes, reshapes and matmuls."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_letters
from typing import TYPE_CHECKING, NoReturn

from treadle.errors import fail
from treadle.frontend.elaborate import convert
from treadle.frontend.elaborate.builtins.registry import builtin, here
from treadle.frontend.elaborate.values import Tensor, Value, describe
from treadle.types import DimLike, DType
from treadle.types.tensor import shape_size

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator

_TERM = r"[A-Za-z]*(?:\.\.\.)?[A-Za-z]*"
_PATTERN = re.compile(rf"({_TERM}(?:,{_TERM})*)->({_TERM})")
_DOTS = "..."


@dataclass(frozen=True)
class _Term:
    """A tensor with a letter per axis."""

    tensor: Tensor
    letters: str

    def dim(self, letter: str) -> DimLike:
        return self.tensor.shape[self.letters.index(letter)]


@builtin("einsum")
def einsum(el: Elaborator, *values: Value) -> Value:
    """A pattern, then its tensors: letters of the result are kept, the others are summed over."""
    pattern = values[0] if values else None
    if not isinstance(pattern, str):
        fail("E0212", f"`einsum` takes a pattern first, not {describe(pattern)}", here(el))
    matched = _PATTERN.fullmatch(pattern.replace(" ", ""))
    if matched is None:
        _refuse(el, pattern, "it has no form such as `ij,jk->ik`")
    inputs, output = matched.group(1).split(","), matched.group(2)
    tensors = convert.floats(el, values[1:], here(el)) if len(values) > 1 else []
    inputs, output = _named_dots(el, pattern, inputs, output, tensors)
    terms = _terms(el, pattern, inputs, tensors)
    _check_output(el, pattern, inputs, output)
    result = terms[0]
    for number, term in enumerate(terms[1:], start=1):
        needed = set(output).union(*(later.letters for later in terms[number + 1 :]))
        result = _contract(el, result, term, needed)
    return _arrange(el, _sum_out(el, result, set(output)), output).tensor


def _refuse(el: Elaborator, pattern: str, reason: str) -> NoReturn:
    fail("E0212", f'einsum "{pattern}": {reason}', here(el))


def _named_dots(
    el: Elaborator, pattern: str, inputs: Sequence[str], output: str, tensors: Sequence[Tensor]
) -> tuple[list[str], str]:
    """`...` as letters that the pattern does not use, one for each further axis, from the right."""
    free = [letter for letter in ascii_letters if letter not in pattern]
    named: list[str] = []
    longest = 0
    for letters, tensor in zip(inputs, tensors, strict=False):
        extra = tensor.rank - len(letters.replace(_DOTS, "")) if _DOTS in letters else 0
        if not 0 <= extra <= len(free):
            _refuse(el, pattern, f"`{letters}` does not fit {tensor.type}")
        longest = max(longest, extra)
        named.append(letters.replace(_DOTS, "".join(free[:extra][::-1])))
    return [*named, *inputs[len(named) :]], output.replace(_DOTS, "".join(free[:longest][::-1]))


def _terms(el: Elaborator, pattern: str, inputs: Sequence[str], tensors: Sequence[Tensor]) -> list[_Term]:
    if len(inputs) != len(tensors):
        _refuse(el, pattern, f"{len(inputs)} tensors are named and {len(tensors)} are given")
    sizes: dict[str, DimLike] = {}
    terms: list[_Term] = []
    for letters, tensor in zip(inputs, tensors, strict=True):
        if len(letters) != tensor.rank:
            _refuse(el, pattern, f"`{letters}` does not fit {tensor.type}")
        for letter, dim in zip(letters, tensor.shape, strict=True):
            if sizes.setdefault(letter, dim) != dim:
                _refuse(el, pattern, f"`{letter}` is {sizes[letter]} and {dim}")
        terms.append(_diagonals(el, _Term(tensor, letters)))
    return terms


def _check_output(el: Elaborator, pattern: str, inputs: Sequence[str], output: str) -> None:
    for letter in output:
        if not any(letter in letters for letters in inputs):
            _refuse(el, pattern, f"`{letter}` of the result stands in no operand")
    if len(set(output)) != len(output):
        _refuse(el, pattern, "a letter stands twice in the result")


def _diagonals(el: Elaborator, term: _Term) -> _Term:
    """A letter that stands twice in one operand picks the diagonal: the rest is masked and summed."""
    for letter in dict.fromkeys(term.letters):
        while term.letters.count(letter) > 1:
            tensor, first = term.tensor, term.letters.index(letter)
            second = term.letters.index(letter, first + 1)
            rows = el.op("iota", dtype=DType.I64, shape=tensor.shape, axis=first)
            columns = el.op("iota", dtype=DType.I64, shape=tensor.shape, axis=second)
            zero = convert.constant(el, 0, tensor.dtype)
            kept = el.op("where", el.op("eq", rows, columns), tensor, zero)
            summed = el.op("sum", kept, axes=(second,), keepdims=False)
            term = _Term(summed, term.letters[:second] + term.letters[second + 1 :])
    return term


def _sum_out(el: Elaborator, term: _Term, needed: set[str]) -> _Term:
    """Without the letters that nothing needs any more."""
    axes = tuple(i for i, letter in enumerate(term.letters) if letter not in needed)
    if not axes:
        return term
    letters = "".join(letter for letter in term.letters if letter in needed)
    return _Term(el.op("sum", term.tensor, axes=axes, keepdims=False), letters)


def _arrange(el: Elaborator, term: _Term, letters: str) -> _Term:
    """The axes in the order of `letters`."""
    if term.letters == letters:
        return term
    perm = tuple(term.letters.index(letter) for letter in letters)
    return _Term(el.op("transpose", term.tensor, perm=perm), letters)


def _contract(el: Elaborator, left: _Term, right: _Term, needed: set[str]) -> _Term:
    """The product of two terms as one batched matmul."""
    left = _sum_out(el, left, needed | set(right.letters))
    right = _sum_out(el, right, needed | set(left.letters))
    shared = [letter for letter in left.letters if letter in right.letters]
    batch = "".join(letter for letter in shared if letter in needed)
    inner = "".join(letter for letter in shared if letter not in needed)
    rows = "".join(letter for letter in left.letters if letter not in shared)
    columns = "".join(letter for letter in right.letters if letter not in shared)
    if not inner:
        return _outer(el, left, right, batch, rows, columns)
    a = _matrix(el, _arrange(el, left, batch + rows + inner), batch, rows, inner)
    b = _matrix(el, _arrange(el, right, batch + inner + columns), batch, inner, columns)
    dims = [left.dim(x) for x in batch + rows] + [right.dim(x) for x in columns]
    product = el.op("reshape", el.op("matmul", a, b), shape=tuple(dims))
    return _Term(product, batch + rows + columns)


def _matrix(el: Elaborator, term: _Term, batch: str, rows: str, columns: str) -> Tensor:
    dims = [term.dim(letter) for letter in batch]
    height = shape_size(tuple([term.dim(letter) for letter in rows]))
    width = shape_size(tuple([term.dim(letter) for letter in columns]))
    return el.op("reshape", term.tensor, shape=(*dims, height, width))


def _outer(el: Elaborator, left: _Term, right: _Term, batch: str, rows: str, columns: str) -> _Term:
    """Nothing is summed: a broadcast product."""
    a = _arrange(el, left, batch + rows).tensor
    b = _arrange(el, right, batch + columns).tensor
    shape_a = (*a.shape, *[1] * len(columns))
    shape_b = (*b.shape[: len(batch)], *[1] * len(rows), *b.shape[len(batch) :])
    product = el.op("mul", el.op("reshape", a, shape=shape_a), el.op("reshape", b, shape=shape_b))
    return _Term(product, batch + rows + columns)
