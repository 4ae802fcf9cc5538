"""Models become specs that a person would write: named layers, pipes, sizes by name; values beside."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx")

from support.onnx_models import body_of, imported, model, node
from treadle.errors import TreadleError
from treadle.interop.onnx.importing.files import inlined
from treadle.interop.onnx.importing.importer import Wishes, import_model

W = np.arange(12, dtype=np.float32).reshape(4, 3)
B = np.ones(3, np.float32)


def test_products_with_a_weight_are_dense_layers_named_after_it():
    found = imported(
        node("Gemm", "x fc.weight fc.bias", "h", transB=1), node("Relu", "h"), x=["N", 4],
        weights={"fc.weight": W.T, "fc.bias": B},
    )  # fmt: skip
    assert body_of(found) == "input x: [N, 4]\nfc = dense(3)\noutput y = x |> fc |> relu"
    np.testing.assert_array_equal(found.weights["fc.W"], W)
    np.testing.assert_array_equal(found.weights["fc.b"], B)


def test_a_product_and_the_sum_after_it_are_one_layer():
    found = imported(node("MatMul", "x w", "h"), node("Add", "h b"), x=["N", 4], weights={"w": W, "b": B})
    assert "dense(3)" in body_of(found)
    assert "+" not in body_of(found)
    assert sorted(path.rpartition(".")[2] for path in found.weights) == ["W", "b"]


def test_a_convolution_and_its_bias_are_one_layer():
    found = imported(
        node("Conv", "x c.W", "h"), node("Reshape", "c.b shape", "b"), node("Add", "h b"), x=["N", 2, 5, 5],
        weights={
            "c.W": np.ones((3, 2, 3, 3), np.float32), "c.b": B, "shape": np.array([3, 1, 1]),
        },
    )  # fmt: skip
    assert body_of(found) == "input x: [N, 2, 5, 5]\nc = conv2d(3, 3)\noutput y = c(x)"
    np.testing.assert_array_equal(found.weights["c.b"], B)


def softmax_in_parts(axis: int = 1) -> list:
    return [
        node("ReduceMax", "x axis", "m"),
        node("Sub", "x m", "d"),
        node("Exp", "d", "e"),
        node("ReduceSum", f"e {'axis' if axis == 1 else 'other'}", "s"),
        node("Div", "e s"),
    ]


def test_a_softmax_in_parts_is_one_call():
    axes = {"axis": np.array([1]), "other": np.array([0])}
    found = imported(*softmax_in_parts(), x=["N", 4], weights=axes)
    assert body_of(found) == "input x: [N, 4]\noutput y = softmax(x)"
    other = imported(*softmax_in_parts(axis=0), x=["N", 4], weights=axes)
    assert "softmax" not in body_of(other)


def test_a_weight_used_twice_is_one_parameter():
    found = imported(
        node("MatMul", "x w", "h"), node("MatMul", "x w", "k"), node("Add", "h k"), x=["N", 4],
        weights={"w": W},
    )  # fmt: skip
    assert "param w: [4, 3] = 0" in body_of(found)
    assert list(found.weights) == ["w"]


def test_sizes_computed_by_the_model_stay_open():
    found = imported(
        node("Shape", "x", "s"), node("Gather", "s zero", "n"), node("Unsqueeze", "n axes", "m"),
        node("Concat", "m rest", "shape", axis=0), node("Reshape", "x shape"),
        x=["batch", 2, 3],
        weights={"zero": np.array(0), "axes": np.array([0]), "rest": np.array([-1])},
    )  # fmt: skip
    assert body_of(found) == "input x: [batch, 2, 3]\noutput y = reshape(x, [batch, -1])"


def test_numbers_stand_in_the_text_and_large_constants_beside_it():
    table = np.arange(100, dtype=np.int64)
    found = imported(
        node("Constant", "", "half", value_float=0.5), node("Mul", "x half", "h"),
        node("Gather", "h ids", "y", axis=1), x=["N", 4], weights={"ids": table % 4},
    )  # fmt: skip
    assert "x * 0.5" in body_of(found)
    assert "tensor([0, 1, 2, 3" in body_of(found)
    unknown = imported(node("Add", "x big"), x=["N", 100], weights={"big": table.astype(np.float32)})
    assert "param big: [100] = 0" in body_of(unknown)


def test_nodes_without_use_are_left_out():
    found = imported(node("Frobnicate", "x", "z"), node("Relu", "x"), x=[2])
    assert body_of(found) == "input x: [2]\noutput y = relu(x)"


@pytest.mark.parametrize("label", ["relu", "input", "for", "a b", "1st", "softmax", "é", "a.b/c:0"])
def test_any_name_becomes_an_identifier(label):
    found = import_model(model(node("Relu", "x", "h"), node("Neg", "h"), x=["N", 4]))
    assert found.outputs == {"y": "y"}
    proto = model(node("Relu", "x"), x=["N", 4])
    proto.graph.node[0].input[0] = proto.graph.input[0].name = label
    found = import_model(proto)
    assert list(found.inputs) == [label]
    assert found.inputs[label].isidentifier()
    assert f"input {found.inputs[label]}: [N, 4]" in body_of(found)


def test_an_input_that_decides_about_shapes_is_named_and_can_be_fixed():
    nodes = [node("Expand", "x shape")]
    proto = model(*nodes, x=[3])
    proto.graph.input.append(model(*nodes, shape=[2]).graph.input[0])
    proto.graph.input[1].type.tensor_type.elem_type = 7
    with pytest.raises(TreadleError) as caught:
        import_model(proto)
    assert caught.value.diagnostics[0].code == "E1305"
    assert "--fix shape=" in caught.value.diagnostics[0].hint
    found = import_model(proto, Wishes({"shape": np.array([2, 3])}))
    assert body_of(found) == "input x: [3]\noutput y = broadcast_to(x, [2, 3])"
    assert list(found.inputs) == ["x"]


def test_what_has_no_form_is_refused_by_node_and_opset():
    with pytest.raises(TreadleError) as caught:
        imported(node("Frobnicate", "x", name="/deep/frob"), x=[2])
    assert caught.value.diagnostics[0].code == "E1304"
    assert "Frobnicate `/deep/frob` (opset 18)" in caught.value.diagnostics[0].message


def test_operators_that_onnx_defines_by_others_are_written_out():
    found = imported(node("Hardmax", "x"), x=[2, 3])
    assert body_of(found).startswith("input x: [2, 3]")


def test_functions_of_the_file_are_written_out():
    from onnx import helper  # noqa: PLC0415 - skipped without the package

    proto = model(node("twice", "x", domain="own"), x=["N"])
    opsets = [helper.make_opsetid("", 18)]
    body = [helper.make_node("Add", ["a", "a"], ["b"])]
    proto.functions.append(helper.make_function("own", "twice", ["a"], ["b"], body, opsets))
    proto.opset_import.append(helper.make_opsetid("own", 1))
    assert body_of(import_model(inlined(proto))) == "input x: [N]\noutput y = x + x"


@pytest.mark.parametrize(
    ("last", "loss", "target"),
    [
        (node("Softmax", "h"), "cross_entropy(h, label)", "label: i64[N]"),
        (node("Sigmoid", "h"), "bce_with_logits(h, wanted)", "wanted: [N, 3]"),
        (node("Identity", "h"), "cross_entropy(h, label)", "label: i64[N]"),
    ],
    ids=["softmax", "sigmoid", "scores"],
)
def test_training_gets_the_loss_that_fits(last, loss, target):
    wishes = Wishes(examples="e.npz", weights="m.safetensors")
    found = imported(node("Gemm", "x w b", "h"), last, x=["N", 4], weights={"w": W, "b": B}, wishes=wishes)
    text = body_of(found)
    assert f"target {target}" in text
    assert loss.partition("(")[0] in text
    assert 'load "m.safetensors"' in text
    assert 'npz("e.npz")' in text
