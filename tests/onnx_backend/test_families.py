"""What the backend tests do not reach: loops as scans, layers with their weights, small integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, numpy_helper, parser
from onnx.reference import ReferenceEvaluator

from treadle.errors import TreadleError
from treadle.interop.onnx.importing.importer import import_model
from treadle.interop.onnx.importing.printing import spec_text

from .backend import TreadleRep, imported_for

RANDOM = np.random.default_rng(0)


def model(body: str, **weights: Any) -> ModelProto:
    """A model of opset 21 in ONNX's own text form, with initialisers; `a__b` is the name `a.b`."""
    found = parser.parse_model(f'<ir_version: 10, opset_import: ["": 21]>\n{body}')
    for node in found.graph.node:
        node.input[:] = [name.replace("__", ".") for name in node.input]
    arrays = [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()]
    found.graph.initializer.extend(arrays)
    return found


def floats(*shape: int) -> Any:
    """Random numbers."""
    return RANDOM.normal(size=shape).astype(np.float32)


def agrees(found: ModelProto, **inputs: Any) -> str:
    """The spec of a model, whose results are those of the reference."""
    expected = ReferenceEvaluator(found).run(None, inputs)
    results = TreadleRep(found, "numpy").run(list(inputs.values()))
    for one, other in zip(results, expected, strict=True):
        np.testing.assert_allclose(np.asarray(one), other, rtol=1e-4, atol=1e-5)
        assert one.dtype == other.dtype
    return spec_text(imported_for(found, inputs))


LOOP = """g (float[3] x) => (float[3] y, float[{rounds},3] z) {{
  n = Constant<value: tensor = int64 {{{rounds}}}>()
  true = Constant<value: tensor = bool {{1}}>()
  y, z = Loop(n, true, x) <body = b (int64 i, bool before, float[3] a) => (bool c, float[3] f, float[3] s) {{
    c = Identity(before)
    number = Cast<to=1>(i)
    f = Add(a, number)
    s = Sin(f)
  }}>
}}"""


@pytest.mark.parametrize(("rounds", "form"), [(20, "scan k in range(20)"), (3, "stack(")])
def test_a_long_loop_is_a_scan_and_a_short_one_is_written_out(rounds, form):
    assert form in agrees(model(LOOP.format(rounds=rounds)), x=floats(3))


def test_a_scan_steps_along_any_axis():
    body = """g (float[3] x, float[3,5] xs) => (float[3] y, float[3,5] z) {
      y, z = Scan<num_scan_inputs=1, scan_input_axes=[1], scan_output_axes=[1],
        body = b (float[3] a, float[3] e) => (float[3] f, float[3] s) { f = Add(a, e)  s = Mul(f, e) }>(x, xs)
    }"""
    x, xs = floats(3), floats(3, 5)
    y, z = TreadleRep(model(body), "numpy").run([x, xs])
    sums = x[:, None] + np.cumsum(xs, axis=1)
    np.testing.assert_allclose(y, sums[:, -1], rtol=1e-5)
    np.testing.assert_allclose(z, sums * xs, rtol=1e-5)


BRANCHES = """g (float[3] x, bool c) => (float[3] y) {
  y = If(c) <then_branch = t () => (float[3] p) { p = Exp(x) },
             else_branch = e () => (float[3] q) { q = Neg(x) }>
}"""


@pytest.mark.parametrize("condition", [True, False])
def test_an_unknown_condition_chooses_between_the_results_of_both_branches(condition):
    assert "where(c, " in agrees(model(BRANCHES), x=floats(3), c=np.array(condition))


def test_weights_go_to_layers_of_the_library():
    body = """g (float[N,3,9,9] x) => (float[N,4,1,1] y) {
      a = Conv<pads=[1,1,1,1], strides=[2,2]>(x, stem__weight, stem__bias)
      b = BatchNormalization<momentum=0.9>(a, bn__weight, bn__bias, bn__mean, bn__variance)
      r = PRelu(b, slope)
      y = GlobalAveragePool(r)
    }"""
    weights = {
        "stem.weight": floats(4, 3, 3, 3),
        "stem.bias": floats(4),
        **{f"bn.{part}": floats(4) ** 2 for part in ("weight", "bias", "mean", "variance")},
        "slope": floats(4, 1, 1),
    }
    text = agrees(model(body, **weights), x=floats(2, 3, 9, 9))
    for layer in ("stem = conv2d(4, 3, stride = 2, padding = 1)", "bn = batch_norm()", "prelu()"):
        assert layer in text


@pytest.mark.parametrize(
    ("op", "gates", "layer"), [("LSTM", 4, "lstm(5)"), ("GRU", 3, "gru(5)"), ("RNN", 1, "rnn(5)")]
)
def test_gates_are_rearranged_for_the_library(op, gates, layer):
    option = ", linear_before_reset=1" if op == "GRU" else ""
    body = f"""g (float[T,N,3] x) => (float[T,1,N,5] y, float[1,N,5] h) {{
      y, h = {op}<hidden_size=5{option}>(x, W, R, B)
    }}"""
    weights = {"W": floats(1, 5 * gates, 3), "R": floats(1, 5 * gates, 5), "B": floats(1, 10 * gates)}
    assert layer in agrees(model(body, **weights), x=floats(6, 2, 3))


def test_both_directions_of_a_recurrent_operator_are_layers():
    body = """g (float[T,N,3] x) => (float[T,2,N,5] y) {
      y = LSTM<hidden_size=5, direction="bidirectional">(x, W, R)
    }"""
    text = agrees(model(body, W=floats(2, 20, 3), R=floats(2, 20, 5)), x=floats(6, 2, 3))
    assert "lstm(5, backward = true)" in text


def test_small_integers_wrap_around_in_a_larger_type():
    body = """g (int8[4] x, int8[4] y) => (int8[4] s, int8[4] p, uint16[4] u) {
      s = Add(x, y)
      p = Mul(x, y)
      u = Cast<to=4>(x)
    }"""
    x, y = np.array([100, -100, 127, -128], np.int8), np.array([100, -100, 1, -1], np.int8)
    text = agrees(model(body), x=x, y=y)
    assert "input x: i32[4]" in text


def test_weights_of_eight_bits_are_dequantised():
    body = """g (float[2,6] x) => (float[2,4] y) {
      w = DequantizeLinear<axis=1>(q, scale, zero)
      y = MatMul(x, w)
    }"""
    q = RANDOM.integers(-128, 128, (6, 4)).astype(np.int8)
    zero = np.array([0, 1, -3, 100], np.int8)
    agrees(model(body, q=q, scale=floats(4), zero=zero), x=floats(2, 6))


def test_dropout_stays_for_training():
    body = "g (float[N,4] x) => (float[N,4] y) { y = Dropout(x, rate) }"
    assert "dropout(0.25)" in agrees(model(body, rate=np.float32(0.25)), x=floats(3, 4))


DRAWS = """g (float[4] x) => (float[4] y) {
  t = Constant<value: tensor = bool {1}>()
  y, m = Dropout(x, , t)
}"""
ENDLESS = """g (bool c, float[3] x) => (float[3] y) {
  y = Loop(, c, x) <body = b (int64 i, bool d, float[3] a) => (bool e, float[3] f) {
    e = Identity(d)
    f = Neg(a)
  }>
}"""
NAMED = """g (float[1,1,N,4] x) => (float[1,1,M,4] y) {
  s = Constant<value: tensor = float[4] {1,1,2,1}>()
  y = Resize(x, , s)
}"""
REGIONS = "g (float[1,2,4,4] x, float[1,4] r, int64[1] i) => (float[1,2,1,1] y) { y = RoiAlign(x, r, i) }"
WIDE = "g (float[2,2,2,2,2,2] x, float[2,2,1,1,1,1] w) => (float[2,2,2,2,2,2] y) { y = Conv(x, w) }"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (DRAWS, "draws while not training"),
        (ENDLESS, "a loop that only its condition ends"),
        (NAMED, "known by name only"),
        (REGIONS, "sampling_ratio"),
        (WIDE, "over 4 axes"),
    ],
)
def test_what_has_no_form_is_refused_with_the_reason(body, reason):
    with pytest.raises(TreadleError) as caught:
        import_model(model(body))
    (found,) = caught.value.diagnostics
    assert found.code == "E1304"
    assert reason in found.message


def test_sequences_are_lists_while_importing():
    body = """g (float[6,2] x) => (float[4,2] y, int64 n, float[3,2] z) {
      three = Constant<value: tensor = int64 {3}>()
      two = Constant<value: tensor = int64 {2}>()
      last = Constant<value: tensor = int64 {-1}>()
      thirds = SplitToSequence<axis=0>(x, two)
      turned = SequenceInsert(thirds, x, last)
      rest = SequenceErase(turned, two)
      n = SequenceLength(rest)
      first = SequenceAt(rest, last)
      pair = SequenceConstruct(first, first)
      y = ConcatFromSequence<axis=0>(pair)
      halves = SplitToSequence<axis=0>(x, three)
      z = SequenceAt(halves, last)
    }"""
    text = agrees(model(body), x=floats(6, 2))
    assert "concat(" in text


def test_floats_of_eight_bits_are_rounded_where_they_are_made():
    body = """g (float[N] x) => (float[N] y) {
      q = Cast<to=17>(x)
      y = Cast<to=1>(q)
    }"""
    x = np.array([0.1, -3.3, 500, 1e-4, 20.7], np.float32)
    (found,) = TreadleRep(model(body), "numpy").run([x])
    np.testing.assert_array_equal(found, [0.1015625, -3.25, 448, 0, 20])
