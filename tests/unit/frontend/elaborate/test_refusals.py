"""What each function of the language refuses: when the spec is checked, with a code and the place."""

from __future__ import annotations

import pytest

from treadle.errors import TreadleError
from treadle.frontend.elaborate.builtins import BUILTINS
from treadle.frontend.elaborate.values import Builtin
from treadle.frontend.load import load_text

HEADER = """model M {
  input x: [3, 4]
  input v: [4]
  input i: i64[3]
  input b: bool[3]
  input image: [2, 3, 8, 8]
  input filters: [6, 3, 3, 3]
"""
TABLE = {
    "reshape(x, [5, 5])": "E0206",
    "reshape(x, [-1, 5])": "E0206",
    "reshape(x, [3.5])": "E0413",
    "reshape(x, [-3, -4])": "E0413",
    "transpose(x, [0, 0])": "E0205",
    "transpose(x, [0])": "E0205",
    "transpose(v)": "E0202",
    "swap_axes(x, 0, 2)": "E0205",
    "broadcast_to(x, [3, 5])": "E0201",
    "broadcast_to(x, [4])": "E0201",
    "broadcast_to(x, [3, -4])": "E0413",
    "expand_dims(x, 4)": "E0205",
    "squeeze(x, 0)": "E0206",
    "squeeze(x, 2)": "E0205",
    "flip(x, 2)": "E0205",
    "flip(x, [0, 0])": "E0205",
    "concat(x, v, axis = 0)": "E0207",
    "concat(axis = 0)": "E0304",
    "stack(x, v)": "E0207",
    "split(x, 3)": "E0208",
    "split(x, [1, 2])": "E0208",
    "split(x, 0)": "E0411",
    "pad(x, -1)": "E0411",
    "pad(x, [1])": "E0314",
    "pad(x, 1, axis = 2)": "E0205",
    "pad(x, 1, value = v)": "E0314",
    "full([-1], 0)": "E0413",
    'full([2], "a")': "E0314",
    'zeros_like("a")': "E0314",
    "ones_like(identity)": "E0314",
    "positions(-1)": "E0413",
    "positions(x)": "E0314",
    "positions_like(x, axis = 2)": "E0205",
    "conv(x, filters)": "E0202",
    "conv(image, filters, stride = 0)": "E0411",
    "conv(image, filters, padding = -1)": "E0411",
    "conv(image, filters, groups = 2)": "E0208",
    "conv(image, i)": "E0202",
    "conv_transpose(x, filters)": "E0202",
    "conv_input_grad(image, filters, in_size = [9, 9])": "E0220",
    'einsum("ij,jk->ik", x, x)': "E0212",
    'einsum("ij", x)': "E0212",
    'einsum("ij->k", x)': "E0212",
    "einsum(x)": "E0212",
    "take(x, x)": "E0214",
    "take(x, i, axis = 2)": "E0205",
    "take_along(x, i)": "E0201",
    "scatter_add(x, v, 3)": "E0214",
    "scatter_add(x, i, -1)": "E0413",
    "scatter_add_along(x, i, 3)": "E0201",
    "one_hot(x, 3)": "E0214",
    "one_hot(i, -3)": "E0413",
    "solve(x, x)": "E0203",
    "inverse(x)": "E0203",
    "det(x)": "E0203",
    "eigenvectors(x)": "E0203",
    "tensordot(x, image)": "E0203",
    "range(1, 2, 0)": "E0411",
    "range(x)": "E0314",
    "len(3)": "E0314",
    "zip([1], [1, 2])": "E0310",
    "list(3)": "E0405",
    "reversed(3)": "E0405",
    "shape(identity)": "E0314",
    "size(x, 2)": "E0205",
    'rank("a")': "E0314",
    "int(x)": "E0314",
    "float(x)": "E0314",
    'exp("a")': "E0314",
    'expm1("a")': "E0314",
    "log(-1)": "E0411",
    "log1p(-2)": "E0411",
    "sqrt(-1)": "E0411",
    'sin("a")': "E0314",
    'cos("a")': "E0314",
    'tan("a")': "E0314",
    'tanh("a")': "E0314",
    'erf("a")': "E0314",
    "rsqrt(0)": "E0411",
    "reciprocal(0)": "E0411",
    'sigmoid("a")': "E0314",
    'abs("a")': "E0314",
    'sign("a")': "E0314",
    'relu("a")': "E0314",
    'floor("a")': "E0314",
    'ceil("a")': "E0314",
    "maximum(x, i[:2])": "E0201",
    "minimum(x, image)": "E0201",
    "atan2(x, i)": "E0201",
    "hypot(x, i)": "E0201",
    "logaddexp(x, i)": "E0201",
    "polygamma(x, -1)": "E0411",
    "polygamma(x, 1.5)": "E0314",
    "is_nan(i)": "E0214",
    "is_finite(b)": "E0214",
    "where(x, x, x)": "E0214",
    "where(b, x, x)": "E0201",
    "clip(x, i, 1)": "E0201",
    "clip(b, false, true)": "E0214",
    'softplus("a")': "E0314",
    "round(x, 1.5)": "E0314",
    "cast(x, 3)": "E0314",
    'cast(x, "f32")': "E0314",
    'stop_grad("a")': "E0314",
    "logical_not(x)": "E0214",
    "grad(x, v)": "E0506",
    "grad(sum(x), i)": "E0507",
    "grad(sum(x), v)": "E0505",
    "max(x, axis = 2)": "E0205",
    "max(x, v)": "E0407",
    "min(x, axis = 0.5)": "E0205",
    "erfc(i)": "E0214",
    "log_gamma(i)": "E0214",
    "asin(i)": "E0214",
    "acos(i)": "E0214",
    "atan(i)": "E0214",
    "sinh(i)": "E0214",
    "cosh(i)": "E0214",
    "asinh(i)": "E0214",
    "acosh(i)": "E0214",
    "atanh(i)": "E0214",
    "neg(b)": "E0214",
    "random_uniform([-1])": "E0413",
    "random_normal([1.5])": "E0413",
    "sum(x, axis = 2)": "E0205",
    "sum(x, axis = [0, 0])": "E0205",
    "sum(x, keepdims = 1)": "E0314",
    "prod(x, axis = -3)": "E0205",
    "mean(x, axis = 2)": "E0205",
    'mean("a")': "E0314",
    "reduce_max(b)": "E0214",
    "reduce_min(x, axis = 2)": "E0205",
    "amax(x, axis = 2)": "E0205",
    "amin(b)": "E0214",
    "argmax(x, axis = 2)": "E0205",
    "argmin(b, axis = 0)": "E0214",
    "cumsum(x, axis = 2)": "E0205",
    "cumsum(x, 0, reverse = 1)": "E0314",
    "all(x, axis = 2)": "E0205",
    "any(x, axis = [1, 1])": "E0205",
    "scatter(x, x, v)": "E0214",
    "put(x, x, v)": "E0214",
    "scatter_max(x, v, 3)": "E0214",
    "argsort(x, axis = 2)": "E0205",
    "sort(x, axis = 2)": "E0205",
    "largest(x, 9)": "E0411",
    "smallest(x, 0)": "E0411",
    "windows(x, size = 5, axis = 0)": "E0209",
    "windows(x, size = 2, axis = 0, stride = 0)": "E0411",
    "fold_windows(x, [3, 4], size = 2, axis = 0)": "E0220",
}
TAKE_ANYTHING = {"is_tensor", "is_list", "is_layer", "str", "tensor", "enumerate"}


@pytest.mark.parametrize(("expression", "code"), TABLE.items())
def test_refused_where_it_stands(expression, code):
    with pytest.raises(TreadleError) as refused:
        load_text(f"{HEADER}  output y = {expression}\n}}\n")
    found = refused.value.diagnostics
    assert [diagnostic.code for diagnostic in found] == [code]
    assert found[0].span.line == HEADER.count("\n") + 1


def test_a_refused_clip_is_called_clip():
    with pytest.raises(TreadleError, match="clip cannot pair"):
        load_text(f"{HEADER}  output y = clip(x, i, 1)\n}}\n")


def test_every_function_is_in_the_table():
    functions = {name for name, value in BUILTINS.items() if isinstance(value, Builtin)}
    called = {expression.partition("(")[0] for expression in TABLE}
    assert functions - called - TAKE_ANYTHING == set()
