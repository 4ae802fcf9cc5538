"""What type rules refuse and what they say, and shapes with symbols."""

from __future__ import annotations

import pytest

from treadle.errors import TreadleError
from treadle.ir import Builder, Graph
from treadle.types import DType, TensorType, symbol

N, T, H = symbol("N"), symbol("T"), symbol("H")


def apply(name: str, *operands: str | TensorType, **attrs):
    """Applies an op to inputs, written as types such as `f32[N, 3]`."""
    g = Builder(Graph())
    nodes = [g.input(f"x{i}", parse(operand)) for i, operand in enumerate(operands)]
    return g.apply(name, *nodes, **attrs)


def parse(text: str | TensorType) -> TensorType:
    if isinstance(text, TensorType):
        return text
    dtype, _, dims = text.rstrip("]").partition("[")
    shape = tuple(
        int(dim) if dim.strip().isdigit() else symbol(dim.strip()) for dim in dims.split(",") if dim
    )
    return TensorType(DType(dtype), shape)


CONV = {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}
POOL = {"axes": (2, 3), "sizes": (2, 2), "strides": (2, 2), "dilations": (1, 1)}

REFUSED = [
    (
        "E0201",
        "f32[N, 10] and f32[N, 12]: axis -1 is 10 in one and 12",
        "add",
        ["f32[N, 10]", "f32[N, 12]"],
        {},
    ),
    ("E0201", "axis -2 is N in one and M", "mul", ["f32[N, 3]", "f32[M, 3]"], {}),
    ("E0204", "f32 and i64", "add", ["f32[3]", "i64[3]"], {}),
    ("E0214", "log works on floats, not on i64[N]", "log", ["i64[N]"], {}),
    ("E0214", "works on numbers, not on bool[3]", "add", ["bool[3]", "bool[3]"], {}),
    ("E0214", "where works on booleans", "where", ["f32[3]", "f32[3]", "f32[3]"], {}),
    ("E0203", "is 784, the last but one", "matmul", ["f32[N, 784]", "f32[10, 784]"], {}),
    ("E0202", "at least 2 axes, but f32[3]", "matmul", ["f32[3]", "f32[3, 4]"], {}),
    ("E0205", "has no axis 2", "sum", ["f32[N, 4]"], {"axes": (2,)}),
    ("E0220", "named twice", "sum", ["f32[N, 4]"], {"axes": (1, 1)}),
    ("E0220", "ascending", "sum", ["f32[N, 4]"], {"axes": (1, 0)}),
    ("E0206", "(784*N elements)", "reshape", ["f32[N, 28, 28]"], {"shape": (N, 28)}),
    ("E0207", "their other axes differ", "concat", ["f32[N, 3]", "f32[M, 3]"], {"axis": 1}),
    ("E0211", "does not lie in axis 0", "slice", ["f32[4]"], {"starts": (0,), "stops": (5,), "steps": (1,)}),
    ("E0209", "a window of 5 does not fit", "conv", ["f32[N, 1, 4, 4]", "f32[6, 1, 5, 5]"], CONV),
    ("E0210", "has 3 channels", "conv", ["f32[N, 3, 8, 8]", "f32[6, 1, 5, 5]"], CONV),
    ("E0208", "into 2 groups", "conv", ["f32[N, 3, 8, 8]", "f32[6, 1, 5, 5]"], {**CONV, "groups": 2}),
    ("E0202", "4 axes [N, C, H, W]", "conv", ["f32[N, 8, 8]", "f32[6, 1, 5, 5]"], CONV),
    ("E0220", "strides must be at least 1", "windows", ["f32[1, 1, 4, 4]"], {**POOL, "strides": (0, 1)}),
    ("E0214", "integers", "take", ["f32[4]", "f32[2]"], {"axis": 0}),
    ("E0202", "reduce it", "grad", ["f32[3]", "f32[3]"], {}),
    ("E0214", "key", "random_uniform", ["f32[2]"], {"shape": (2,), "stream": 0}),
    ("E0204", "2.5 is no i64", "const", [], {"value": 2.5, "dtype": DType.I64}),
]


@pytest.mark.parametrize(("code", "words", "name", "operands", "attrs"), REFUSED)
def test_refusals_say_what_is_wrong(code, words, name, operands, attrs):
    with pytest.raises(TreadleError) as caught:
        apply(name, *operands, **attrs)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert words in f"{diagnostic.message} {diagnostic.hint}"


ACCEPTED = [
    ("f32[N, 3, 4]", "add", ["f32[N, 1, 4]", "f32[3, 1]"], {}),
    ("bool[N]", "lt", ["f32[N]", "f32[]"], {}),
    ("f32[B, N, 5]", "matmul", ["f32[B, N, 4]", "f32[4, 5]"], {}),
    ("i64[N]", "argmax", ["f32[N, 10]"], {"axis": 1}),
    ("f32[N, T, 8]", "take", ["f32[V, 8]", "i64[N, T]"], {"axis": 0}),
    ("f32[]", "sum", ["f32[N, T]"], {"axes": (0, 1)}),
    ("f32[1, T]", "max", ["f32[N, T]"], {"axes": (0,), "keepdims": True}),
]


@pytest.mark.parametrize(("result", "name", "operands", "attrs"), ACCEPTED)
def test_results_keep_names(result, name, operands, attrs):
    assert apply(name, *operands, **attrs).type == parse(result)


def test_sizes_are_computed_with_symbols():
    conv = apply(
        "conv", TensorType(DType.F32, (N, 3, H, 32)), "f32[8, 3, 3, 3]", **{**CONV, "stride": (2, 2)}
    )
    assert str(conv.type) == "f32[N, 8, ((H + 1) // 2) - 1, 15]"
    flat = apply("reshape", TensorType(DType.F32, (N, T, 4)), shape=(N * T, 4))
    assert str(flat.type) == "f32[N*T, 4]"
    joined = apply("concat", "f32[N, 3]", "f32[M, 3]", axis=0)
    assert joined.type.shape[0] == symbol("M") + N


def test_builder_numbers_take_the_operands_type():
    """A number beside a tensor becomes a constant of its type, also behind a boolean condition."""
    g = Builder(Graph())
    x = g.input("x", TensorType(DType.F64, (3,)))
    assert g.add(x, 1).inputs[1].type == TensorType(DType.F64, ())
    assert g.where(g.gt(x, 0), x, 1).type == x.type
