"""Products of one row with a matrix: c[b, n] = epilogue(sum over k of a[b, k] * B[b, k, n]).

Input: a `GemmSpec` and `GemmSizes` that are `is_row_product`. Output: a `Plan` with the roles of gemm.py.
Every element of B is read once, so B is read in the order in which it lies: rows of B are added up, eight at
a time, or, if columns are contiguous, each gives a dot product. Non-goals: small or packed B.
"""

from __future__ import annotations

from dataclasses import replace
from string import Template
from textwrap import indent
from typing import TYPE_CHECKING

from treadle.backends.numba_cpu.kernel import KernelSource
from treadle.backends.numba_cpu.templates.epilogue import output_role
from treadle.backends.numba_cpu.templates.epilogue_source import epilogue_layout, epilogue_text
from treadle.backends.numba_cpu.templates.layout import MetaLayout, buffers, numbers
from treadle.backends.numba_cpu.templates.plan import LINE_BYTES, Plan, Step
from treadle.backends.numba_cpu.templates.tiles import ELEMENT_BYTES

if TYPE_CHECKING:
    from treadle.backends.numba_cpu.templates.epilogue import Kind
    from treadle.backends.numba_cpu.templates.gemm import GemmSizes, GemmSpec

SMALL = 4096
"""Elements of B below which tiles of sums in registers are as fast."""
SHORT = 64
"""Length of contiguous runs of B below which they are too short to be worth a loop."""
PARALLEL_WORK = 100_000
"""Multiply-adds from which sharing a product among threads pays."""
TOGETHER = 8
"""Rows of B that are added up at a time."""


def is_row_product(spec: GemmSpec, sizes: GemmSizes) -> bool:
    """Whether A is one row, and B large and contiguous one way or the other."""
    large = sizes.m == 1 and sizes.n * sizes.k >= SMALL and not spec.b_packed
    return large and (_rows_lie_together(sizes) or _columns_lie_together(sizes))


def _rows_lie_together(sizes: GemmSizes) -> bool:
    return sizes.b[2] == 1 and sizes.n >= SHORT


def _columns_lie_together(sizes: GemmSizes) -> bool:
    return sizes.b[1] == sizes.a[2] == 1 and sizes.k >= SHORT


def turned(spec: GemmSpec, sizes: GemmSizes) -> tuple[GemmSpec, GemmSizes] | None:
    """Return a product with one column as one row, B' A', if its epilogue's operands are contiguous."""
    full = [sizes.operands.get(operand.name, (0, 0)) for operand in spec.epilogue.kinds("full")]
    if sizes.n != 1 or any(m != 1 for _, m in (sizes.c, *full, *sizes.outputs)):
        return None
    (a_b, a_m, a_k), (b_b, b_k, b_n) = sizes.a, sizes.b
    operands = tuple(replace(x, kind=_TURNED.get(x.kind, x.kind)) for x in spec.epilogue.operands)
    epilogue = replace(spec.epilogue, operands=operands)
    row = replace(sizes, m=1, n=sizes.m, a=(b_b, b_n, b_k), b=(a_b, a_k, a_m), outer=sizes.outer[::-1])
    return replace(spec, epilogue=epilogue), row


_TURNED: dict[Kind, Kind] = {"row": "column", "column": "row"}


def row_product_plan(
    spec: GemmSpec, sizes: GemmSizes, parts: int, roles: tuple[str, str] = ("a", "b")
) -> Plan:
    """Return the product's one step; columns are shared among parts. `roles` are those of row and matrix."""
    product = _layout(spec.dtype)
    layout = product + epilogue_layout(spec.dtype, spec.epilogue)
    strides = {operand.name: sizes.operands.get(operand.name, (0, 0)) for operand in spec.epilogue.operands}
    strides |= {output_role(i): pair for i, pair in enumerate(sizes.outputs, start=1)}
    meta = {
        **sizes.batch_axes,
        "a_o": sizes.outer[0],
        "columns": sizes.n,
        "depth": sizes.k,
        **dict(zip(("a_b", "a_m", "a_k"), sizes.a, strict=True)),
        **dict(zip(("b_b", "b_k", "b_n"), sizes.b, strict=True)),
        **dict(zip(("c_b", "c_m"), sizes.c, strict=True)),
        **{f"{role}_{axis}": pair[i] for role, pair in strides.items() for i, axis in enumerate("bm")},
        "accumulate": int(spec.accumulate),
        "epilogue": 0,
    }
    callees: tuple[tuple[int, KernelSource], ...] = ()
    if not spec.epilogue.is_identity:
        text = epilogue_text(spec.dtype, product, spec.epilogue)
        callees = ((layout.index("epilogue"), KernelSource("epilogue", text)),)
    source = KernelSource(f"gemv_{spec.dtype}", _text(spec.dtype, by_rows=_rows_lie_together(sizes)))
    slots = layout.slots(roles=dict(zip("ab", roles, strict=True)))
    shared = sizes.batch * sizes.n * sizes.k >= PARALLEL_WORK
    return Plan((Step(source, layout.meta(meta), slots, shared, callees),), parts * LINE_BYTES)


def _layout(dtype: str) -> MetaLayout:
    extents = numbers("batch", "inner", "columns", "depth")
    strides = numbers("a_o", "a_b", "a_m", "a_k", "b_o", "b_b", "b_k", "b_n", "c_b", "c_m")
    roles = buffers(*((role, dtype) for role in ("a", "b", "c", "scratch")))
    return roles + extents + strides + numbers("accumulate", "epilogue")


def _text(dtype: str, *, by_rows: bool) -> str:
    lines = "\n".join((*_layout(dtype).prologue(), _BY_ROWS if by_rows else _BY_COLUMNS, _FINISH))
    template = _IMPORTS + indent(lines, 4 * " ") + "\n"
    factors = range(TOGETHER)
    names = {
        "zero": f"float{8 * ELEMENT_BYTES[dtype]}(0)",
        "T": TOGETHER,
        "load": "; ".join(f"f{i} = p_a[a_at + (k + {i}) * a_k]" for i in factors),
        "starts": "; ".join(f"b_{i} = b_at + (k + {i}) * b_k" for i in factors),
        "terms": " + ".join(f"f{i} * p_b[b_{i} + j]" for i in factors),
    }
    return Template(template).substitute(names)


_IMPORTS = """\
from treadle.backends.numba_cpu.abi import *
from treadle.backends.numba_cpu.sync import call_kernel

def kernel(meta, part, parts):
"""

_BY_ROWS = """\
first = share_elements(columns, part, parts)
last = share_elements(columns, part + 1, parts)
for i_b in range(batch):
    a_at = i_b // inner * a_o + i_b % inner * a_b
    b_at = i_b // inner * b_o + i_b % inner * b_b
    c_at = i_b * c_b
    for j_0 in range(first, last, 2048):
        j_1 = last if j_0 + 2048 > last else j_0 + 2048
        if accumulate == 0:
            for j in range(j_0, j_1):
                p_c[c_at + j] = $zero
        k = 0
        while k + $T <= depth:
            $load
            $starts
            for j in range(j_0, j_1):
                p_c[c_at + j] += $terms
            k += $T
        while k < depth:
            f0 = p_a[a_at + k * a_k]
            b_0 = b_at + k * b_k
            for j in range(j_0, j_1):
                p_c[c_at + j] += f0 * p_b[b_0 + j]
            k += 1\
"""

_BY_COLUMNS = """\
fours = columns // 4
first = 4 * share(fours, part, parts)
last = columns if part == parts - 1 else 4 * share(fours, part + 1, parts)
for i_b in range(batch):
    a_at = i_b // inner * a_o + i_b % inner * a_b
    b_at = i_b // inner * b_o + i_b % inner * b_b
    c_at = i_b * c_b
    if accumulate == 0:
        for j in range(first, last):
            p_c[c_at + j] = $zero
    j = first
    while j + 4 <= last:
        b_0 = b_at + j * b_n
        b_1 = b_0 + b_n
        b_2 = b_1 + b_n
        b_3 = b_2 + b_n
        s0 = $zero
        s1 = $zero
        s2 = $zero
        s3 = $zero
        for k in range(depth):
            factor = p_a[a_at + k]
            s0 = add(s0, factor * p_b[b_0 + k])
            s1 = add(s1, factor * p_b[b_1 + k])
            s2 = add(s2, factor * p_b[b_2 + k])
            s3 = add(s3, factor * p_b[b_3 + k])
        p_c[c_at + j] += s0
        p_c[c_at + j + 1] += s1
        p_c[c_at + j + 2] += s2
        p_c[c_at + j + 3] += s3
        j += 4
    while j < last:
        b_0 = b_at + j * b_n
        s0 = $zero
        for k in range(depth):
            s0 = add(s0, p_a[a_at + k] * p_b[b_0 + k])
        p_c[c_at + j] += s0
        j += 1\
"""

_FINISH = """\
    if epilogue != 0:
        call_at = m[3] + 64 * part
        call = i64_at(call_at)
        call[0] = i_b
        call[1] = 0
        call[2] = 1
        call[3] = first
        call[4] = last
        call_kernel(epilogue, meta, call_at, 0)\
"""
