"""Matrix product C[b, m, n] = epilogue(sum over k of A[b, m, k] * B[b, k, n]).

Input: a `GemmSpec` (structure: decides the sources) and `GemmSizes` (numbers: go into meta). Output: a `Plan`
with roles a, b, c, scratch and the epilogue's names. A and B may have any strides, so transposes are free; C
has unit stride in n. B is first packed into panels as wide as a tile, unless it is used so little that it is
better read in place; strips of A are packed unless they can be read in place. Work is split over batch, rows
or columns; every element is summed in the same order however it is split.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from treadle.backends.numba_cpu.kernel import KernelSource
from treadle.backends.numba_cpu.templates.epilogue import Epilogue, output_role
from treadle.backends.numba_cpu.templates.epilogue_source import epilogue_layout, epilogue_text
from treadle.backends.numba_cpu.templates.gemm_source import gemm_layout, gemm_text, pack_layout, pack_text
from treadle.backends.numba_cpu.templates.gemv import is_row_product, row_product_plan, turned
from treadle.backends.numba_cpu.templates.plan import LINE_BYTES, Plan, Step, aligned
from treadle.backends.numba_cpu.templates.tiles import ELEMENT_BYTES, Tile, tile_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

K_BLOCK = 384
"""Most terms of a sum before the partial sums go back to C."""
STRIPS_PER_BLOCK = 16
"""Strips of A (whole tiles high) that each panel of B meets in turn: they stay in the second-level cache."""
N_BLOCK_PANELS = 16
"""Panels of C after which an epilogue runs, while they are in the second-level cache."""
PARALLEL_WORK = 100_000
"""Multiply-adds from which sharing a product among threads pays."""
PARALLEL_ELEMENTS = 16_000
"""Elements of B from which sharing its packing pays."""
DIRECT_ROWS, DIRECT_ROWS_IN_CONFLICT = 512, 64
"""Most rows of A for which reading B in place beats packing it; few if B's rows share cache sets."""
CONFLICT_BYTES = 2048
PACKED_PANELS = 3
"""Panels of B from which packing a transposed A pays."""

SPLIT_BATCH, SPLIT_ROWS, SPLIT_COLUMNS = 0, 1, 2


@dataclass(frozen=True)
class GemmSpec:
    """The structure of a product. `accumulate`: add to C. `b_packed`: role b was written by `pack_plan`."""

    dtype: str
    epilogue: Epilogue = field(default_factory=Epilogue)
    accumulate: bool = False
    b_packed: bool = False


@dataclass(frozen=True)
class GemmSizes:
    """Extents, and strides in elements: a = (batch, m, k), b = (batch, k, n), c = (batch, m).

    A batch of two axes has `inner` products in the inner one, and the strides `outer` of A and B in the outer
    one. `operands` gives (batch, m) strides by name (default (0, 0)), `outputs` those of the extra outputs in
    order.
    """

    batch: int
    m: int
    n: int
    k: int
    a: tuple[int, int, int]
    b: tuple[int, int, int]
    c: tuple[int, int]
    operands: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    outputs: tuple[tuple[int, int], ...] = ()
    inner: int | None = None
    outer: tuple[int, int] = (0, 0)

    @property
    def batch_axes(self) -> dict[str, int]:
        """The batch's part of a meta array."""
        inner = self.batch if self.inner is None else self.inner
        return {"batch": self.batch, "inner": max(1, inner), "b_o": self.outer[1]}


def gemm_plan(spec: GemmSpec, sizes: GemmSizes, parts: int) -> Plan:
    """Return the product's steps; the scratch grows with `parts`, the results do not depend on it."""
    if is_row_product(spec, sizes):
        return row_product_plan(spec, sizes, parts)
    column = turned(spec, sizes)
    if column is not None and is_row_product(*column):
        return row_product_plan(*column, parts, roles=("b", "a"))
    part = _part_elements(spec, sizes)
    if spec.b_packed:
        steps, packed = [_product_step(spec, sizes, parts, part, "b", 0)], 0
    elif _reads_in_place(spec, sizes):
        steps, packed = [_product_step(spec, sizes, parts, part, None, 0)], 0
    else:
        packed = aligned(packed_bytes(spec, sizes))
        steps = [
            _pack_step(spec, sizes, "scratch"),
            _product_step(spec, sizes, parts, part, "scratch", packed),
        ]
    return Plan(tuple(steps), packed + parts * part * ELEMENT_BYTES[spec.dtype])


def pack_plan(spec: GemmSpec, sizes: GemmSizes) -> Plan:
    """Return the step that packs B (role b) into panels (role packed) for products with `b_packed`."""
    return Plan((_pack_step(spec, sizes, "packed"),))


def packed_bytes(spec: GemmSpec, sizes: GemmSizes) -> int:
    """Return the size of the buffer that `pack_plan` writes."""
    return sizes.batch * _packed_elements(sizes, tile_shape(spec.dtype)) * ELEMENT_BYTES[spec.dtype]


def _panels(sizes: GemmSizes, tile: Tile) -> int:
    return -(-sizes.n // tile.width)


def _packed_elements(sizes: GemmSizes, tile: Tile) -> int:
    """Return the elements of one packed B."""
    return _panels(sizes, tile) * tile.width * sizes.k


def _reads_in_place(spec: GemmSpec, sizes: GemmSizes) -> bool:
    """Return whether the rows of B are read where they lie."""
    _, b_k, b_n = sizes.b
    conflict = b_k * ELEMENT_BYTES[spec.dtype] % CONFLICT_BYTES == 0
    return b_n == 1 and sizes.m <= (DIRECT_ROWS_IN_CONFLICT if conflict else DIRECT_ROWS)


def _pack_step(spec: GemmSpec, sizes: GemmSizes, role: str) -> Step:
    layout = pack_layout(spec.dtype)
    numbers = {**sizes.batch_axes, "columns": sizes.n, "depth": sizes.k}
    numbers |= dict(zip(("b_b", "b_k", "b_n"), sizes.b, strict=True))
    source = KernelSource(f"pack_{spec.dtype}", pack_text(spec.dtype, tile_shape(spec.dtype)))
    slots = layout.slots(roles={"packed": role})
    shared = sizes.batch * sizes.n * sizes.k >= PARALLEL_ELEMENTS
    return Step(source, layout.meta(numbers), slots, shared)


def _product_step(
    spec: GemmSpec, sizes: GemmSizes, parts: int, part: int, panels: str | None, scratch_offset: int
) -> Step:
    """Return the product's call; `panels` is the role that holds packed B, None if B is read in place."""
    tile, layout = tile_shape(spec.dtype), gemm_layout(spec.dtype)
    layout += epilogue_layout(spec.dtype, spec.epilogue)
    numbers = _extents(sizes) | _blocking(spec, sizes, tile, parts) | _operand_strides(spec, sizes)
    numbers |= {"packed": int(panels is not None), "scratch_part": part, "epilogue": 0}
    slots = layout.slots(roles={"panels": panels or "b"}, offsets={"scratch": scratch_offset})
    source = KernelSource(f"gemm_{spec.dtype}", gemm_text(spec.dtype, tile))
    shared = sizes.batch * sizes.m * sizes.n * sizes.k >= PARALLEL_WORK
    return Step(source, layout.meta(numbers), slots, shared, _callees(spec, layout.index("epilogue")))


def _callees(spec: GemmSpec, index: int) -> tuple[tuple[int, KernelSource], ...]:
    if spec.epilogue.is_identity:
        return ()
    text = epilogue_text(spec.dtype, gemm_layout(spec.dtype), spec.epilogue)
    return ((index, KernelSource("epilogue", text)),)


def _extents(sizes: GemmSizes) -> dict[str, int]:
    numbers = {**sizes.batch_axes, "rows": sizes.m, "columns": sizes.n, "depth": sizes.k}
    numbers["a_o"] = sizes.outer[0]
    numbers |= dict(zip(("a_b", "a_m", "a_k"), sizes.a, strict=True))
    numbers |= dict(zip(("b_b", "b_k"), sizes.b[:2], strict=True))
    return numbers | dict(zip(("c_b", "c_m"), sizes.c, strict=True))


def _blocking(spec: GemmSpec, sizes: GemmSizes, tile: Tile, parts: int) -> dict[str, int]:
    k_block, blocks = _k_blocks(sizes.k)
    return {
        "k_block": k_block,
        "blocks": blocks,
        "m_block": STRIPS_PER_BLOCK * tile.rows,
        "n_block": N_BLOCK_PANELS * tile.width,
        "pack_a": int(_packs_a(sizes, tile)),
        "packed_b": _packed_elements(sizes, tile),
        "split": _split(sizes, tile, parts),
        "accumulate": int(spec.accumulate),
    }


def _operand_strides(spec: GemmSpec, sizes: GemmSizes) -> dict[str, int]:
    strides = {operand.name: sizes.operands.get(operand.name, (0, 0)) for operand in spec.epilogue.operands}
    strides |= {output_role(i): pair for i, pair in enumerate(sizes.outputs, start=1)}
    return {f"{role}_{axis}": pair[i] for role, pair in strides.items() for i, axis in enumerate("bm")}


def _k_blocks(depth: int) -> tuple[int, int]:
    """Return the length and number of blocks of k, as even as possible; an empty sum has one empty block."""
    blocks = max(1, -(-depth // K_BLOCK))
    return max(1, -(-depth // blocks)), blocks


def _packs_a(sizes: GemmSizes, tile: Tile) -> bool:
    """Return whether blocks of A are brought into the order in which tiles read them."""
    return sizes.a[2] != 1 and _panels(sizes, tile) >= PACKED_PANELS


def _part_elements(spec: GemmSpec, sizes: GemmSizes) -> int:
    """Return the elements of scratch of one part: the epilogue's call and a block of A."""
    element, tile = ELEMENT_BYTES[spec.dtype], tile_shape(spec.dtype)
    strips = min(STRIPS_PER_BLOCK, -(-sizes.m // tile.rows)) if _packs_a(sizes, tile) else 0
    return aligned(LINE_BYTES + strips * tile.rows * _k_blocks(sizes.k)[0] * element) // element


def _split(sizes: GemmSizes, tile: Tile, parts: int) -> int:
    """Return what the parts divide: batch if long enough, else rows or columns, whichever divides more
    evenly."""
    if sizes.batch >= 2 * parts:
        return SPLIT_BATCH
    strips, panels = -(-sizes.m // tile.rows), _panels(sizes, tile)
    return SPLIT_COLUMNS if _loss(panels, parts) <= _loss(strips, parts) else SPLIT_ROWS


def _loss(items: int, parts: int) -> float:
    """Return the time that dividing items among parts takes relative to an even division."""
    return -(-items // parts) * parts / max(1, items)
