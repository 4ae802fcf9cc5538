"""The backward picture: gradients of every parameter, linked to the forward part, beside their layers."""

from __future__ import annotations

import pytest

from support.nets import N, f32, lenet, recurrent
from treadle.errors import TreadleError
from treadle.ir import Builder, Graph
from treadle.viz import Wish, picture_text
from treadle.viz.build import joint_scene
from treadle.viz.gradients import parts_of, with_gradients
from treadle.viz.scene import Kind, Part


@pytest.mark.parametrize("net", [lenet, recurrent])
def test_every_parameter_has_a_gradient_and_no_grad_node_is_left(net):
    graph = with_gradients(net())
    assert {name for name in graph.outputs if name.startswith("grad:")} == {
        f"grad:{name}" for name in graph.params
    }
    assert all(node.op != "grad" for node in graph)


def test_forward_nodes_are_those_that_results_need():
    graph = with_gradients(lenet())
    backward = {node for node, part in parts_of(graph).items() if part is Part.BACKWARD}
    assert {graph[i].op for i in backward} >= {"conv_filter_grad", "conv_input_grad", "fold_windows"}
    assert graph.outputs["loss"].id not in backward


def test_gradients_keep_the_layer_they_belong_to():
    elements = joint_scene(lenet()).elements
    filters = [element for element in elements if element.label.startswith("conv_filter_grad")]
    assert sorted(element.path for element in filters) == [("conv2d",), ("conv2d_2",)]
    ends = [element for element in elements if element.kind is Kind.GRADIENT]
    assert ("dense_3",) in {element.path for element in ends}


def test_the_picture_links_gradients_to_the_values_they_need():
    text = picture_text(recurrent(), Wish("joint"))
    assert "forward value that the gradient needs" in text
    assert "scan, 5 steps, backwards" in text


def test_the_given_graph_stays_as_it_is():
    graph = lenet()
    before = (len(graph), list(graph.outputs))
    picture_text(graph, Wish("joint"))
    assert (len(graph), list(graph.outputs)) == before


def test_without_a_loss_there_is_no_backward_graph():
    graph = Graph("net")
    g = Builder(graph)
    graph.outputs["output:y"] = g.exp(g.input("x", f32(N)))
    with pytest.raises(TreadleError) as caught:
        picture_text(graph, Wish("joint"))
    assert caught.value.diagnostics[0].code == "E1005"


def test_a_gradient_that_is_known_to_be_zero_is_not_drawn():
    graph = Graph("net")
    g = Builder(graph)
    trained, stopped = g.param("trained", f32()), g.param("stopped", f32())
    graph.outputs["loss"] = g.mul(trained, g.stop_grad(stopped))
    assert set(with_gradients(graph).outputs) == {"loss", "grad:trained"}
