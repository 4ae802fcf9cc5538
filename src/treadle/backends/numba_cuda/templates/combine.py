"""The second stage of a product whose sum was cut into parts: adds the parts in order, then the epilogue.

Input: the sizes of a result, the number of parts and a `Tail` over z, row and column. Output: where the first
stage stores its sums (role scratch: parts x batch x m x n), and the launch that adds them up.
"""

from __future__ import annotations

from treadle.backends.numba_cuda.kernel import Launch, Pointer
from treadle.backends.numba_cuda.templates.elements import Element
from treadle.backends.numba_cuda.templates.tail import Place, Tail, plain_tail
from treadle.backends.numba_cuda.templates.text import (
    Param,
    Shape,
    ceil_div,
    divided,
    divisors,
    launch,
    numbers,
    under,
)

THREADS = 256


def partial_tail(element: Element, batch: int, n: int) -> Tail:
    """The tail of the first stage."""
    pointer = Param("p_scratch", f"{_partial(element)}*", Pointer("scratch"))
    params = (pointer, *numbers(part_z=batch))
    index = "int32(((part * part_z + z) * m + row) * n + column)"
    plain = Element(_partial(element), element.math, element.width)
    run = element.width if n % element.width == 0 else 1
    return plain_tail(plain, Place("scratch", params, index, True), run)


def _partial(element: Element) -> str:
    return "f64" if element.width == 2 else "f32"


def combine_launch(element: Element, batch: int, m: int, n: int, parts: int, tail: Tail) -> Launch:
    """The launch of the second stage: a thread adds up the parts of a result, or of a run of neighbours."""
    body = [
        f"at = int32(int32(cuda.blockIdx.x) * {THREADS} + int32(cuda.threadIdx.x)) * {tail.run}",
        *under("if at < total:", [*_sum(element, tail.run), *_place(), *tail.setup, *tail.lines()]),
    ]
    total = batch * m * n
    scratch = Param("p_scratch", f"{_partial(element)}*", Pointer("scratch"))
    params = [scratch, *tail.params, *divisors(m=m, n=n), *numbers(parts=parts, total=total)]
    shape = Shape(ceil_div(total, THREADS * tail.run), THREADS)
    return launch("combine", params, body, shape)


def _sum(element: Element, run: int) -> list[str]:
    values = [f"value{i}" for i in range(run)]
    read = (
        ["part0 = p_scratch[part]"]
        if run == 1
        else [f"{', '.join(f'part{i}' for i in range(run))} = load{run}(p_scratch, part)"]
    )
    added = [f"{value} = {value} + part{i}" for i, value in enumerate(values)]
    return [
        *(f"{value} = {element.zero}" for value in values),
        "part = int32(at)",
        *under("for turn in range(parts):", [*read, *added, "part = int32(part + total)"]),
    ]


def _place() -> list[str]:
    return [*divided(("rest", "column"), "at", "n"), *divided(("z", "row"), "rest", "m")]
