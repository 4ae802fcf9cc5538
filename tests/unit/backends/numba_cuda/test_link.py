"""Linking: roles become places, loops are written out with moved addresses, scratch is a buffer."""

from __future__ import annotations

import pytest

from support.cuda_programs import stand_in
from support.nets import f32, recurrent
from treadle.backends.numba_cuda.kernel import Fill, Pointer, Steps
from treadle.backends.numba_cuda.link import Linker, Place, length, unrolled
from treadle.ir import Builder, Graph, bind
from treadle.lower.lower import lower
from treadle.lower.plan import LoopCall, MatmulCall, walk
from treadle.lower.storage import BufferKind


def linked(graph):
    plan = lower(graph)
    linker = Linker(stand_in)
    linker.prepare(plan)
    return plan, linker, linker.link(plan.calls)


def test_a_loop_becomes_its_iterations():
    """A scan of five steps: every call of its body five times, and what follows the loop comes after it."""
    plan, _, commands = linked(bind(recurrent(), {"N": 2}))
    (loop,) = [call for call in plan.calls if isinstance(call, LoopCall)]
    flat = list(unrolled(commands))
    assert length(commands) == len(flat)
    inside = [command.call for command in flat if command.call in set(walk(loop.body))]
    assert len(inside) == 5 * len(list(walk(loop.body)))
    assert inside[: len(loop.body)] == inside[len(loop.body) : 2 * len(loop.body)]


def test_sequences_advance_by_a_step():
    """The input is read at 0, 1, 2 ... times the size of one time step, from both ends of the moves."""
    plan, _, commands = linked(bind(recurrent(), {"N": 2}))
    x = plan.inputs["x"].buffer
    offsets = [
        argument.offset
        for command in unrolled(commands)
        for argument in command.arguments
        if isinstance(argument, Place) and argument.buffer is x
    ]
    assert sorted(set(offsets)) in ([0, 24, 48, 72, 96], [0])  # hoisted products read all of x at once
    assert all(0 <= offset < x.bytes for offset in offsets)


def test_views_begin_where_they_begin():
    """A product of a slice starts at the slice's first element."""
    graph = Graph("view")
    g = Builder(graph)
    x, w = g.input("x", f32(6, 4)), g.param("w", f32(4, 3))
    rows = g.slice(x, starts=(2, 0), stops=(6, 4), steps=(2, 1))
    graph.outputs["y"] = g.matmul(rows, w)
    _, _, commands = linked(graph)
    (product,) = [command for command in unrolled(commands) if isinstance(command.call, MatmulCall)]
    places = {argument.buffer.name: argument for argument in product.arguments if isinstance(argument, Place)}
    assert places["x"].offset == 2 * 4 * 4
    assert places["w"].offset == 0


def test_pointers_and_scratch_have_places():
    """A pointer's own offset comes on top of the role's; scratch gets a buffer in the arena."""
    graph = Graph("product")
    g = Builder(graph)
    graph.outputs["y"] = g.matmul(g.input("x", f32(2, 3)), g.param("w", f32(3, 4)))
    plan = lower(graph)
    linker = Linker(lambda _: Steps((Fill(Pointer("scratch", 8), 4), Fill(Pointer("a", 12), 4)), 64))
    linker.prepare(plan)
    first, second = unrolled(linker.link(plan.calls))
    (scratch,) = linker.scratch.values()
    assert (scratch.kind, scratch.bytes) == (BufferKind.ARENA, 64)
    assert first.arguments == (Place(scratch, 8),)
    assert second.arguments == (Place(plan.inputs["x"].buffer, 12),)


def test_kernels_are_listed_once_with_their_largest_shared_memory():
    """Equal texts are one kernel."""
    _, linker, _ = linked(bind(recurrent(), {"N": 2}))
    sources = linker.sources()
    assert len(set(sources)) == len(sources) < len(linker.steps) + 1
    assert set(linker.shared()) == set(sources)


def test_a_role_that_a_call_has_not_is_a_mistake():
    """A template that names a wrong role is found when it is linked."""
    graph = Graph("product")
    g = Builder(graph)
    graph.outputs["y"] = g.matmul(g.input("x", f32(2, 3)), g.param("w", f32(3, 4)))
    plan = lower(graph)
    linker = Linker(lambda _: Steps((Fill(Pointer("q"), 4),)))
    linker.prepare(plan)
    with pytest.raises(KeyError, match="q"):
        linker.link(plan.calls)
