"""Arithmetic of dimensions: it agrees with integers, whatever is put in for the symbols."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treadle.types import Dim, TensorType, dim_floordiv, dim_max, dim_min, dim_mod, symbol
from treadle.types.dims import exact_quotient, lower_bound, substitute
from treadle.types.dtype import DType

NAMES = ("H", "N", "T")
FUNCTIONS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "min": dim_min,
    "max": dim_max,
}


def evaluate(tree, values):
    """The value of an expression tree with plain integers."""
    if isinstance(tree, int):
        return tree
    if isinstance(tree, str):
        return values[tree]
    operator, left, right = tree
    a, b = evaluate(left, values), evaluate(right, values)
    plain = {**FUNCTIONS, "min": min, "max": max, "//": lambda x, y: x // y, "%": lambda x, y: x % y}
    return plain[operator](a, b)


def build(tree):
    """The dimension that an expression tree stands for."""
    if isinstance(tree, int):
        return tree
    if isinstance(tree, str):
        return symbol(tree)
    operator, left, right = tree
    functions = {**FUNCTIONS, "//": dim_floordiv, "%": dim_mod}
    return functions[operator](build(left), build(right))


LEAVES = st.integers(-4, 6) | st.sampled_from(NAMES)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.tuples(st.sampled_from(sorted(FUNCTIONS)), inner, inner)
        | st.tuples(st.sampled_from(["//", "%"]), inner, st.integers(1, 5))
    ),
    max_leaves=8,
)
VALUES = st.fixed_dictionaries({name: st.integers(0, 30) for name in NAMES})


@settings(deadline=None)
@given(TREES, VALUES)
def test_substitution_agrees_with_integers(tree, values):
    """Normal forms change nothing."""
    assert substitute(build(tree), values) == evaluate(tree, values)


@settings(deadline=None)
@given(TREES, TREES, VALUES)
def test_equal_dimensions_have_equal_values(left, right, values):
    """`==` never lies."""
    if build(left) == build(right):
        assert evaluate(left, values) == evaluate(right, values)


@settings(deadline=None)
@given(TREES, TREES)
def test_sums_and_products_do_not_depend_on_order(left, right):
    """Equality that the normal form must see."""
    a, b = build(left), build(right)
    assert a + b == b + a
    assert a * b == b * a
    assert a - a == 0
    assert (a + b) * (a - b) == a * a - b * b
    assert hash(a + b) == hash(b + a)


@settings(deadline=None)
@given(TREES, TREES)
def test_quotients_multiply_back(left, right):
    """An exact quotient is one."""
    a, b = build(left), build(right)
    if b != 0:
        quotient = exact_quotient(a * b, b)
        assert quotient is None or quotient * b == a * b


@settings(deadline=None)
@given(TREES, VALUES)
def test_lower_bounds_hold(tree, values):
    """No value is below the bound when the symbols are not negative."""
    bound = lower_bound(build(tree))
    if bound is not None:
        assert evaluate(tree, values) >= bound


@settings(deadline=None)
@given(TREES)
def test_constants_are_plain_integers(tree):
    """A `Dim` always has a symbol."""
    dim = build(tree)
    assert isinstance(dim, int) or dim.symbols


N, H = symbol("N"), symbol("H")


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        (N, "N"),
        (2 * N + 1, "2*N + 1"),
        (1 - N, "-N + 1"),
        ((N + 1) * (N - 1), "N*N - 1"),
        ((4 * H + 3) // 2, "2*H + 1"),
        ((H - 3) // 2 + 1, "((H + 1) // 2) - 1"),
        (H // 2 // 3, "(H // 6)"),
        (dim_min(N, H), "min(H, N)"),
        (dim_max(N + 2, N), "N + 2"),
        (N * H // H, "N"),
        (N % 1, "0"),
    ],
)
def test_texts(dim, text):
    """What people read in errors and summaries."""
    assert str(dim) == text


def test_types_are_printed_and_sized():
    """Tensor types with symbols."""
    type_ = TensorType(DType.F32, (N, 3, H + 1))
    assert str(type_) == "f32[N, 3, H + 1]"
    assert type_.size == 3 * N * H + 3 * N
    assert type_.substitute({"N": 2, "H": 4}).static_shape() == (2, 3, 5)
    assert type_.symbols == {"N", "H"}
    assert isinstance(type_.size, Dim)
    with pytest.raises(TypeError, match="symbolic"):
        type_.static_shape()
