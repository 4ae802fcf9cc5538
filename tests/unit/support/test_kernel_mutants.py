"""Mutants are what they are said to be: one damage each, of every kind that the text offers."""

import ast

from support.kernel_mutants import Mutant, damaged_steps, evenly, mutants
from treadle.backends.numba_cuda.kernel import KernelSource, Launch, Steps

TEXT = """
def kernel(x, y, n):
    i = cuda.threadIdx.x
    if i < n:
        y[i] = x[i]
    cuda.syncthreads()
    cp_async_wait(0)
    for j in range(n):
        v = load4(x, j)
"""


def test_every_damage_once() -> None:
    damages = {str(mutant) for mutant in mutants(TEXT)}
    assert damages == {
        "barrier 1: cuda.syncthreads()",
        "wait 1: cp_async_wait(0)",
        "bound 1: i < n",
        "bound 2: for j in range(n):",
        "index 1: y[i]",
        "index 2: x[i]",
        "index 3: load4(x, j)",
    }


def test_each_mutant_differs_from_the_text_in_one_line() -> None:
    plain = ast.unparse(ast.parse(TEXT)).splitlines()
    for mutant in mutants(TEXT):
        lines = mutant.text.splitlines()
        assert len(lines) == len(plain)
        assert sum(a != b for a, b in zip(lines, plain, strict=True)) == 1


def test_many_are_sampled_evenly() -> None:
    assert evenly(list(range(100)), 4) == [0, 33, 66, 99]
    assert evenly([5, 7], 4) == [5, 7]


def test_a_mutant_takes_the_place_of_its_kernel_alone() -> None:
    good, other = (KernelSource(name, name, (), 32) for name in ("good", "other"))
    steps = Steps(tuple(Launch(source, (1, 1, 1), (32, 1, 1), ()) for source in (good, other)))
    worse = damaged_steps(steps, good, Mutant("index", 1, "", "worse"))
    assert [source.text for source in worse.sources()] == ["worse", "other"]
