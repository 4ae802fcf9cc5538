"""Transformations of loop nests keep what they compute and make of it what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.loop_machine import KernelRun
from treadle.loops import (
    BufferParam,
    Call,
    Const,
    For,
    Index,
    Kernel,
    Kind,
    Let,
    Load,
    Position,
    Size,
    Store,
    Var,
    kernel_text,
)
from treadle.loops.abstract import abstract_sizes
from treadle.loops.collapse import collapse
from treadle.loops.index import affine, dot, number, variable_index
from treadle.loops.scalar import ScalarBuilder
from treadle.loops.unroll import unroll_small
from treadle.types import DType

F32 = DType.F32
S = ScalarBuilder()
BUFFERS = (BufferParam(F32, written=False), BufferParam(F32, written=True))


def loop(name, extent, *body, kind=Kind.PARALLEL):
    return For(name, Index(), (Index(extent),), kind, body)


def scaled(index_in, index_out):
    """Stores twice the element that is loaded."""
    doubled = S.mul(Var("x", F32), 2.0)
    return Let("x", Load(0, index_in, F32)), Store(1, index_out, doubled)


def run(body, source, size):
    target = np.full(size, np.nan, np.float32)
    KernelRun(Kernel("k", BUFFERS, 0, body), [source, target], [0, 0], ()).run()
    return target


def indices():
    return st.builds(affine, st.integers(-9, 9), st.dictionaries(st.sampled_from("ijk"), st.integers(-5, 5)))


def value_of(index, values):
    return number(index.offset) + sum(number(f) * values[name] for name, f in index.terms)


@given(indices(), indices(), st.integers(-4, 4), st.lists(st.integers(0, 9), min_size=3, max_size=3))
def test_index_arithmetic_is_arithmetic(a, b, times, numbers):
    values = dict(zip("ijk", numbers, strict=True))
    assert value_of(a.plus(b, times), values) == value_of(a, values) + times * value_of(b, values)
    inner = {**values, "i": value_of(b, values)}
    assert value_of(a.replace({"i": b}), values) == value_of(a, inner)


def test_sizes_of_finished_kernels_cannot_be_computed_with():
    with pytest.raises(TypeError, match="s0 is a parameter"):
        Index(Size(0)).plus(1)


def test_contiguous_loops_become_one():
    place = dot((variable_index("i"), variable_index("j")), (4, 1))
    before = (loop("i", 3, loop("j", 4, *scaled(place, place))),)
    (after,) = collapse(before)
    assert after.extent == 12
    source = np.arange(12, dtype=np.float32)
    np.testing.assert_array_equal(run((after,), source, 12), run(before, source, 12))


@pytest.mark.parametrize("strides", [(1, 3), (8, 1)])
def test_strided_loops_stay_apart(strides):
    read = dot((variable_index("i"), variable_index("j")), strides)
    write = dot((variable_index("i"), variable_index("j")), (4, 1))
    before = (loop("i", 3, loop("j", 4, *scaled(read, write))),)
    assert collapse(before) == before


def test_a_loop_whose_variable_is_a_value_stays():
    place = dot((variable_index("i"), variable_index("j")), (4, 1))
    store = Store(1, place, S.cast(Position(variable_index("j")), F32))
    before = (loop("i", 3, loop("j", 4, store)),)
    assert collapse(before) == before


def test_equal_structures_of_different_sizes_are_one_kernel():
    def kernel(rows, columns, variable):
        read = dot((variable_index(variable), variable_index("b")), (1, rows))
        write = dot((variable_index(variable), variable_index("b")), (columns, 1))
        nest = loop(variable, rows, loop("b", columns, *scaled(read, write)))
        return abstract_sizes("k", BUFFERS, (nest,))

    (first, sizes), (second, others) = kernel(30, 40, "a"), kernel(50, 60, "zz")
    assert first == second
    assert sizes == (30, 40, 30, 40)
    assert others == (50, 60, 50, 60)


def test_small_strides_stay_literal():
    place = variable_index("i").times(2)
    kernel, sizes = abstract_sizes("k", BUFFERS, (loop("i", 9, *scaled(place, variable_index("i"))),))
    assert sizes == (9,)
    assert "b0[2*i0]" in kernel_text(kernel)


def test_tiny_inner_loops_are_written_out():
    place = dot((variable_index("i"), variable_index("j")), (2, 1))
    (outer,) = unroll_small((loop("i", 9, loop("j", 2, *scaled(place, place))),))
    assert (outer.kind, outer.body[0].kind) == (Kind.PARALLEL, Kind.UNROLL)
    alone = (loop("j", 2, *scaled(variable_index("j"), variable_index("j"))),)
    assert unroll_small(alone) == alone


def test_text():
    place = dot((variable_index("i"), variable_index("j")), (40, 1))
    kernel, _ = abstract_sizes("double", BUFFERS, (loop("i", 30, loop("j", 20, *scaled(place, place))),))
    assert kernel_text(kernel).splitlines() == [
        "kernel double(b0: f32, b1: mut f32; s0..s3)",
        "  parallel i0 in 0..s0:",
        "    parallel i1 in 0..s1:",
        "      v0 = b0[s2*i0 + i1]",
        "      b1[s3*i0 + i1] = (v0 * 2.0)",
    ]


def test_unknown_scalar_functions_are_named():
    with pytest.raises(AttributeError, match="frobnicate"):
        S.frobnicate(Const(1.0, F32))


def test_literals_keep_signs_and_nan_apart():
    zero, nan = Const(0.0, F32), Const(float("nan"), F32)
    assert zero != Const(-0.0, F32)
    assert nan == Const(float("nan"), F32)
    assert Call("neg", (nan,), F32) == Call("neg", (nan,), F32)
