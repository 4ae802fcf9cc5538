"""Grouping: chains fold without ever making a cycle, layers fold at a depth."""

from __future__ import annotations

from graphlib import TopologicalSorter

from hypothesis import given
from hypothesis import strategies as st

from support.nets import lenet
from treadle.viz.flatten import flatten
from treadle.viz.folding import Folding
from treadle.viz.group import group
from treadle.viz.scene import Element, Kind, Part, Wire

_KINDS = [Kind.ELEMENTWISE, Kind.VIEW, Kind.REDUCTION, Kind.LINEAR, Kind.PARAM, Kind.INPUT]


@st.composite
def element_lists(draw):
    """Random graphs over few layers: element i reads some of the elements before it.

    What reads a backward element is backward too.
    """
    elements = []
    for index in range(draw(st.integers(1, 25))):
        sources = draw(st.lists(st.integers(0, index - 1), max_size=3)) if index else []
        wires = tuple(Wire(f"n{source}", "") for source in sources)
        kind = draw(st.sampled_from(_KINDS))
        path = draw(st.sampled_from([(), ("a",), ("a", "b")]))
        backward = draw(st.booleans()) or any(elements[source].part is Part.BACKWARD for source in sources)
        part = Part.BACKWARD if backward else Part.FORWARD
        elements.append(Element(f"n{index}", kind, "op", path, part, wires))
    return elements


@given(element_lists())
def test_chains_keep_every_element_and_make_no_cycle(elements):
    groups = group(elements, Folding())
    homes = {member.key: number for number, g in enumerate(groups) for member in g.members}
    assert sorted(homes) == sorted(element.key for element in elements)
    sorter = TopologicalSorter()
    for element in elements:
        for wire in element.wires:
            if homes[wire.source] != homes[element.key]:
                sorter.add(homes[element.key], homes[wire.source])
    sorter.prepare()  # raises CycleError


@given(element_lists())
def test_groups_never_mix_layers_or_sides(elements):
    for g in group(elements, Folding()):
        assert {member.path for member in g.members} == {g.path}


@given(element_lists())
def test_without_chains_each_element_stays_alone(elements):
    assert len(group(elements, Folding(), chains=False)) == len(elements)


def test_lenet_layers_fold_to_one_box_each():
    graph = lenet()
    groups = group(flatten(graph, graph.outputs, {}), Folding(1))
    folded = {g.path[0] for g in groups if g.folded}
    assert folded == {
        "conv2d",
        "max_pool2d",
        "conv2d_2",
        "max_pool2d_2",
        "flatten",
        "dense",
        "dense_2",
        "dense_3",
    }


def test_a_chain_has_at_most_one_heavy_op():
    graph = lenet()
    for g in group(flatten(graph, graph.outputs, {}), Folding()):
        assert sum(member.kind is Kind.LINEAR for member in g.members) <= 1
