"""Source text of the three kernels of a matrix product: packing B, the product itself, the epilogue.

Input: structure (element type, tile, epilogue). Output: kernel source text and the layout of its meta array.
The product knows nothing of the epilogue but an address, so that one compiled product serves every epilogue.
"""

from __future__ import annotations

from string import Template
from textwrap import indent
from typing import TYPE_CHECKING

from treadle.backends.numba_cpu.templates.layout import MetaLayout, buffers, numbers
from treadle.backends.numba_cpu.templates.tiles import ELEMENT_BYTES

if TYPE_CHECKING:
    from treadle.backends.numba_cpu.templates.tiles import Tile


def pack_layout(dtype: str) -> MetaLayout:
    """Return the words of the packing kernel's meta array."""
    return buffers(("b", dtype), ("packed", dtype)) + numbers(
        "batch", "inner", "columns", "depth", "b_o", "b_b", "b_k", "b_n"
    )


def gemm_layout(dtype: str) -> MetaLayout:
    """Return the words of the product's meta array; the epilogue's follow."""
    roles = buffers(*((role, dtype) for role in ("a", "b", "c", "panels", "scratch")))
    extents = numbers("batch", "inner", "rows", "columns", "depth")
    strides = numbers("a_o", "b_o", "a_b", "a_m", "a_k", "b_b", "b_k", "packed_b", "c_b", "c_m")
    blocking = numbers("k_block", "blocks", "m_block", "n_block", "packed", "pack_a", "split", "scratch_part")
    return roles + extents + strides + blocking + numbers("accumulate", "epilogue")


def pack_text(dtype: str, tile: Tile) -> str:
    """Return the source text of the packing kernel."""
    return _kernel(dtype, tile, [*pack_layout(dtype).prologue(), _PACK])


def gemm_text(dtype: str, tile: Tile) -> str:
    """Return the source text of the product."""
    return _kernel(dtype, tile, [*gemm_layout(dtype).prologue(), _SPLIT, _BLOCKS, _PACK_A, _TILES, _FINISH])


def _kernel(dtype: str, tile: Tile, body: list[str]) -> str:
    template = f"{_IMPORTS}\ndef kernel(meta, part, parts):\n" + indent("\n".join(body), 4 * " ")
    element = ELEMENT_BYTES[dtype]
    names = {"dtype": dtype, "R": tile.rows, "V": tile.vectors, "L": tile.lanes, "W": tile.width}
    names["H"] = tile.low_rows
    return Template(template).substitute(names, E=element, zero=f"float{8 * element}(0)") + "\n"


_IMPORTS = """\
from treadle.backends.numba_cpu.abi import *
from treadle.backends.numba_cpu.sync import call_kernel
from treadle.backends.numba_cpu.templates.micro import block_transpose, edge, row_copy, tile
full_tile = tile("strided", "$dtype", $R, $V, $L)
low_tile = tile("strided", "$dtype", $H, $V, $L)
edge_tile = edge("strided", "$dtype", $R, $V, $L)
flip = block_transpose("$dtype", $L)
copy = row_copy("$dtype", $V, $L)
"""

# Panels go in groups of four: a row of B is then read in one run of several cache lines.
_PACK = """\
panels = (columns + ${W} - 1) // $W
groups = (panels + 3) // 4
for number in range(share(batch * groups, part, parts), share(batch * groups, part + 1, parts)):
    i_b = number // groups
    b_first = i_b // inner * b_o + i_b % inner * b_b
    first = (number - i_b * groups) * 4
    last = panels if first + 4 > panels else first + 4
    whole = last if last * $W <= columns else last - 1
    begin = 0
    if b_n == 1:
        begin = depth
        for k in range(depth):
            for panel in range(first, whole):
                to = ((i_b * panels + panel) * depth + k) * $W
                copy(m[1] + $E * to, m[0] + $E * (b_first + k * b_k + panel * $W))
    elif b_k == 1:
        begin = depth // $L * $L
        for panel in range(first, whole):
            to = (i_b * panels + panel) * depth * $W
            b_at = b_first + panel * $W * b_n
            for k in range(0, begin, $L):
                for q in range(0, $W, $L):
                    flip(m[1] + $E * (to + k * $W + q), $W, m[0] + $E * (b_at + k + q * b_n), b_n)
    for panel in range(first, last):
        width = columns - panel * $W if panel >= whole else $W
        b_at = b_first + panel * $W * b_n
        for k in range(begin if panel < whole else 0, depth):
            to = ((i_b * panels + panel) * depth + k) * $W
            for q in range(width):
                p_packed[to + q] = p_b[b_at + k * b_k + q * b_n]
            for q in range(width, $W):
                p_packed[to + q] = $zero\
"""

_SPLIT = """\
b_0, b_1, i_0, i_1, j_0, j_1 = 0, batch, 0, rows, 0, columns
if split == 0:
    b_0 = share(batch, part, parts)
    b_1 = share(batch, part + 1, parts)
elif split == 1:
    i_0 = $R * share((rows + ${R} - 1) // $R, part, parts)
    i_1 = $R * share((rows + ${R} - 1) // $R, part + 1, parts)
    i_1 = rows if i_1 > rows else i_1
else:
    j_0 = $W * share((columns + ${W} - 1) // $W, part, parts)
    j_1 = $W * share((columns + ${W} - 1) // $W, part + 1, parts)
    j_1 = columns if j_1 > columns else j_1
at_block = part * scratch_part + 64 // $E
call = i64_at(m[4] + $E * part * scratch_part)\
"""

_BLOCKS = """\
for i_b in range(b_0, b_1):
    a_first = i_b // inner * a_o + i_b % inner * a_b
    b_first = i_b // inner * b_o + i_b % inner * b_b
    for block in range(blocks):
        k_0 = block * k_block
        count = depth - k_0 if k_0 + k_block > depth else k_block
        fresh = 1 if block == 0 and accumulate == 0 else 0
        for i_block in range(i_0, i_1, m_block):
            i_end = i_1 if i_block + m_block > i_1 else i_block + m_block
            a_at = a_first + i_block * a_m + k_0 * a_k
            a_base, strip_step, strip_m, strip_k = m[0] + $E * a_at, $E * $R * a_m, a_m, a_k\
"""

_PACK_A = """\
            if pack_a != 0:
                a_base, strip_step, strip_m, strip_k = m[4] + $E * at_block, $E * $R * count, 1, $R
                for k in range(count):
                    to = at_block + k * $R
                    a_row = a_at + k * a_k
                    for strip in range((i_end - i_block) // $R):
                        for q in range($R):
                            p_scratch[to + q] = p_a[a_row + q * a_m]
                        to += count * $R
                        a_row += $R * a_m
                    for q in range((i_end - i_block) % $R):
                        p_scratch[to + q] = p_a[a_row + q * a_m]\
"""

_TILES = """\
            for j_block in range(j_0, j_1, n_block):
                j_end = j_1 if j_block + n_block > j_1 else j_block + n_block
                for j in range(j_block, j_end, $W):
                    width = j_end - j if j + $W > j_end else $W
                    b_row, b_step = m[1] + $E * (b_first + k_0 * b_k + j), b_k
                    if packed != 0:
                        b_row, b_step = m[3] + $E * (i_b * packed_b + j * depth + k_0 * $W), $W
                    strip = a_base
                    i = i_block
                    while i < i_end:
                        left = i_end - i
                        c_row = m[2] + $E * (i_b * c_b + i * c_m + j)
                        if width == $W and pack_a == 0 and (left == $H or left == 2 * $H):
                            low_tile(strip, strip_m, strip_k, b_row, b_step, c_row, c_m, count, fresh)
                            strip += $E * $H * a_m
                            i += $H
                            continue
                        if width == $W and left >= $R:
                            full_tile(strip, strip_m, strip_k, b_row, b_step, c_row, c_m, count, fresh)
                        else:
                            left = $R if left > $R else left
                            edge_tile(
                                strip, strip_m, strip_k, b_row, b_step, c_row, c_m, count, fresh, left, width)
                        strip += strip_step
                        i += $R\
"""

_FINISH = """\
                if epilogue != 0 and block == blocks - 1:
                    call[0] = i_b
                    call[1] = i_block
                    call[2] = i_end
                    call[3] = j_block
                    call[4] = j_end
                    call_kernel(epilogue, meta, m[4] + $E * part * scratch_part, 0)\
"""
