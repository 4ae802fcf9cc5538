"""Register-blocked inner loops of matrix products, and the block transpose that packing needs, as intrinsics.

Input: addresses and strides (in elements) from kernel source text. Output: LLVM vector instructions in place.
A tile is `rows` by `vectors * lanes` sums held in registers while k runs. An `edge` tile does the same for a
corner that is only `height` by `width`: it loads and stores nothing outside. Non-goals: blocking and packing
(gemm, conv). Imported on a cache miss only.
"""

# ruff: noqa: ARG005  (the parameters of an intrinsic are types; naming them is its signature)

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import int64, void
from numba.core.extending import intrinsic
from numba.core.typing.templates import signature

if TYPE_CHECKING:
    from collections.abc import Callable

_I32, _I64 = ir.IntType(32), ir.IntType(64)
_ELEMENTS = {"f32": ir.FloatType(), "f64": ir.DoubleType()}


@dataclass(frozen=True)
class _Vectors:
    """LLVM vectors of one element type, with the loads and stores that tiles need."""

    b: ir.IRBuilder
    element: ir.Type
    lanes: int

    @property
    def kind(self) -> ir.VectorType:
        return ir.VectorType(self.element, self.lanes)

    @property
    def align(self) -> int:
        return 4 if isinstance(self.element, ir.FloatType) else 8

    def zero(self) -> ir.Constant:
        return ir.Constant(self.kind, [0.0] * self.lanes)

    def pointer(self, address: ir.Value) -> ir.Value:
        return self.b.inttoptr(address, self.element.as_pointer())

    def at(self, base: ir.Value, offset: ir.Value) -> ir.Value:
        return self.b.gep(base, [offset], source_etype=self.element)

    def vector_at(self, base: ir.Value, offset: ir.Value) -> ir.Value:
        return self.b.bitcast(self.at(base, offset), self.kind.as_pointer())

    def splat(self, value: ir.Value) -> ir.Value:
        one = self.b.insert_element(
            ir.Constant(ir.VectorType(value.type, self.lanes), ir.Undefined), value, _I32(0)
        )
        return self.b.shuffle_vector(one, one, ir.Constant(ir.VectorType(_I32, self.lanes), [0] * self.lanes))

    def function(self, name: str, result: ir.Type, *args: ir.Type) -> ir.Function:
        return self.b.module.globals.get(name) or ir.Function(
            self.b.module, ir.FunctionType(result, args), name
        )

    def suffix(self) -> str:
        return f"v{self.lanes}{self.element.intrinsic_name}"

    def fma(self, x: ir.Value, y: ir.Value, z: ir.Value) -> ir.Value:
        return self.b.call(
            self.function(f"llvm.fmuladd.{self.suffix()}", self.kind, *[self.kind] * 3), [x, y, z]
        )

    def load(self, pointer: ir.Value, mask: ir.Value | None) -> ir.Value:
        if mask is None:
            return self.b.load(pointer, align=self.align)
        name = f"llvm.masked.load.{self.suffix()}.p0"
        function = self.function(name, self.kind, pointer.type, _I32, mask.type, self.kind)
        return self.b.call(function, [pointer, _I32(self.align), mask, self.zero()])

    def store(self, value: ir.Value, pointer: ir.Value, mask: ir.Value | None) -> None:
        if mask is None:
            self.b.store(value, pointer, align=self.align)
            return
        name = f"llvm.masked.store.{self.suffix()}.p0"
        function = self.function(name, ir.VoidType(), self.kind, pointer.type, _I32, mask.type)
        self.b.call(function, [value, pointer, _I32(self.align), mask])

    def mask_below(self, start: int, width: ir.Value) -> ir.Value:
        """Return a mask of the lanes whose column, counted from `start`, is below `width`.

        Compared in integers as wide as the elements, which is the form that masked loads take.
        """
        integer = ir.IntType(8 * self.align)
        columns = ir.Constant(
            ir.VectorType(integer, self.lanes), [start + lane for lane in range(self.lanes)]
        )
        limit = width if integer == _I64 else self.b.trunc(width, integer)
        return self.b.icmp_signed("<", columns, self.splat(limit))


@dataclass(frozen=True)
class _TileBody:
    """The code of one tile: how A's elements and B's rows are found, and which rows and lanes exist."""

    v: _Vectors
    rows: int
    a_at: Callable[[ir.Value], list[ir.Value]]
    b_at: Callable[[ir.Value], ir.Value]
    masks: list[ir.Value | None]
    height: ir.Value | None

    def emit(self, c: ir.Value, c_stride: ir.Value, count: ir.Value, fresh: ir.Value) -> None:
        """Emit the sums over `count` terms, starting from zero if `fresh`, else from C, and store them."""
        b = self.v.b
        zero_block = b.basic_block
        old_block, head = b.append_basic_block("old"), b.append_basic_block("k_head")
        body, done = b.append_basic_block("k_body"), b.append_basic_block("k_done")
        b.cbranch(b.icmp_signed("!=", fresh, _I64(0)), head, old_block)
        b.position_at_end(old_block)
        old = self._load_old(c, c_stride)
        b.branch(head)
        b.position_at_end(head)
        k = b.phi(_I64)
        sums = [[b.phi(self.v.kind) for _ in self.masks] for _ in range(self.rows)]
        b.cbranch(b.icmp_signed("<", k, count), body, done)
        b.position_at_end(body)
        new = self._outer_product(k, sums)
        _close_phi(k, {zero_block: _I64(0), old_block: _I64(0), b.basic_block: b.add(k, _I64(1))})
        for phi, first, following in zip(*map(_flat, (sums, old, new)), strict=True):
            _close_phi(phi, {zero_block: self.v.zero(), old_block: first, b.basic_block: following})
        b.branch(head)
        b.position_at_end(done)
        self._store(sums, c, c_stride)

    def _load_old(self, c: ir.Value, c_stride: ir.Value) -> list[list[ir.Value]]:
        """Return what C holds; rows that do not exist repeat the last one and are never stored."""
        b = self.v.b
        rows = [self.v.at(c, b.mul(c_stride, _existing_row(b, m, self.height))) for m in range(self.rows)]
        return [
            [
                self.v.load(self.v.vector_at(row, _I64(j * self.v.lanes)), mask)
                for j, mask in enumerate(self.masks)
            ]
            for row in rows
        ]

    def _outer_product(self, k: ir.Value, sums: list[list[ir.Value]]) -> list[list[ir.Value]]:
        """Return sums + (column k of A) x (row k of B)."""
        row = self.b_at(k)
        loads = [
            self.v.load(self.v.vector_at(row, _I64(j * self.v.lanes)), mask)
            for j, mask in enumerate(self.masks)
        ]
        new = []
        for address, old_row in zip(self.a_at(k), sums, strict=True):
            splat = self.v.splat(self.v.b.load(address))
            new.append([self.v.fma(splat, load, old) for load, old in zip(loads, old_row, strict=True)])
        return new

    def _store(self, sums: list[list[ir.Value]], c: ir.Value, c_stride: ir.Value) -> None:
        b = self.v.b
        for m, row in enumerate(sums):
            if self.height is None:
                self._store_row(row, self.v.at(c, b.mul(c_stride, _I64(m))))
            else:
                with b.if_then(b.icmp_signed("<", _I64(m), self.height)):
                    self._store_row(row, self.v.at(c, b.mul(c_stride, _I64(m))))

    def _store_row(self, row: list[ir.Value], start: ir.Value) -> None:
        for j, (value, mask) in enumerate(zip(row, self.masks, strict=True)):
            self.v.store(value, self.v.vector_at(start, _I64(j * self.v.lanes)), mask)


def _flat(rows: list[list[ir.Value]]) -> list[ir.Value]:
    return [value for row in rows for value in row]


def _close_phi(phi: ir.PhiInstr, values: dict[ir.Block, ir.Value]) -> None:
    for block, value in values.items():
        phi.add_incoming(value, block)


def _existing_row(b: ir.IRBuilder, row: int, height: ir.Value | None) -> ir.Value:
    """Return the index of a row, or of the last existing one: what is computed from it is not stored."""
    if height is None or row == 0:
        return _I64(row)
    return b.select(b.icmp_signed("<", _I64(row), height), _I64(row), b.sub(height, _I64(1)))


def _strided_rows(
    v: _Vectors, rows: int, height: ir.Value | None, args: list[ir.Value]
) -> Callable[[ir.Value], list[ir.Value]]:
    a, row_stride, k_stride = args
    starts = [v.at(v.pointer(a), v.b.mul(row_stride, _existing_row(v.b, m, height))) for m in range(rows)]

    def at(k: ir.Value) -> list[ir.Value]:
        offset = v.b.mul(k, k_stride)
        return [v.at(start, offset) for start in starts]

    return at


def _gathered_rows(
    v: _Vectors, rows: int, height: ir.Value | None, args: list[ir.Value]
) -> Callable[[ir.Value], list[ir.Value]]:
    a, row_table, k_table = args
    row_offsets = v.b.inttoptr(row_table, _I64.as_pointer())
    k_offsets = v.b.inttoptr(k_table, _I64.as_pointer())
    indices = [_existing_row(v.b, m, height) for m in range(rows)]
    starts = [v.at(v.pointer(a), v.b.load(v.b.gep(row_offsets, [index]))) for index in indices]

    def at(k: ir.Value) -> list[ir.Value]:
        offset = v.b.load(v.b.gep(k_offsets, [k]))
        return [v.at(start, offset) for start in starts]

    return at


_ROW_FINDERS = {"strided": _strided_rows, "gathered": _gathered_rows, "shifted": _strided_rows}


def _b_rows(v: _Vectors, finder: str, panel: ir.Value, steps: ir.Value) -> Callable[[ir.Value], ir.Value]:
    base = v.pointer(panel)
    if finder != "shifted":
        return lambda k: v.at(base, v.b.mul(k, steps))
    table = v.b.inttoptr(steps, _I64.as_pointer())
    return lambda k: v.at(base, v.b.load(v.b.gep(table, [k])))


def tile(finder: str, dtype: str, rows: int, vectors: int, lanes: int) -> Any:
    """Make `tile(a, a_m, a_k, b, b_k, c, c_m, count, fresh)`: C[m, j] (+)= sum over k of A(m, k) * B[k*b_k +
    j].

    "strided": A(m, k) = a[m*a_m + k*a_k]. "gathered": A(m, k) = a[a_m[m] + a_k[k]]. "shifted": A as in
    "strided", but row k of B begins at b[b_k[k]]. Tables are given by their addresses.
    """

    def emit(target: Any, b: ir.IRBuilder, _signature: Any, args: list[ir.Value]) -> ir.Value:
        _emit_tile(_Vectors(b, _ELEMENTS[dtype], lanes), finder, (rows, vectors), args, None)
        return target.get_dummy_value()

    face = signature(void, *[int64] * 9)
    return intrinsic(lambda _context, a, a_m, a_k, panel, b_k, c, c_m, count, fresh: (face, emit))


def edge(finder: str, dtype: str, rows: int, vectors: int, lanes: int) -> Any:
    """Make `edge(..., height, width)`: as `tile`, for a corner of at least one row and one column."""

    def emit(target: Any, b: ir.IRBuilder, _signature: Any, args: list[ir.Value]) -> ir.Value:
        corner = (args[9], args[10])
        _emit_tile(_Vectors(b, _ELEMENTS[dtype], lanes), finder, (rows, vectors), args[:9], corner)
        return target.get_dummy_value()

    face = signature(void, *[int64] * 11)
    return intrinsic(
        lambda _context, a, a_m, a_k, panel, b_k, c, c_m, count, fresh, height, width: (face, emit)
    )


def _emit_tile(
    v: _Vectors,
    finder: str,
    size: tuple[int, int],
    args: list[ir.Value],
    corner: tuple[ir.Value, ir.Value] | None,
) -> None:
    rows, vectors = size
    height, width = corner or (None, None)
    masks = [None if width is None else v.mask_below(j * v.lanes, width) for j in range(vectors)]
    a_at = _ROW_FINDERS[finder](v, rows, height, args[:3])
    panel, b_steps, c, c_stride, count, fresh = args[3:]
    body = _TileBody(v, rows, a_at, _b_rows(v, finder, panel, b_steps), masks, height)
    body.emit(v.pointer(c), c_stride, count, fresh)


def row_copy(dtype: str, vectors: int, lanes: int) -> Any:
    """Make `copy(target, source)`: vectors * lanes elements, by address."""

    def emit(target: Any, b: ir.IRBuilder, _signature: Any, args: list[ir.Value]) -> ir.Value:
        v = _Vectors(b, _ELEMENTS[dtype], lanes)
        goal, base = map(v.pointer, args)
        for offset in (_I64(j * lanes) for j in range(vectors)):
            v.store(v.load(v.vector_at(base, offset), None), v.vector_at(goal, offset), None)
        return target.get_dummy_value()

    face = signature(void, int64, int64)
    return intrinsic(lambda _context, goal, source: (face, emit))


def block_transpose(dtype: str, lanes: int) -> Any:
    """Make `flip(target, target_stride, source, source_stride)`: a lanes x lanes block, transposed in
    registers."""
    low = [lane // 2 + (lane % 2) * lanes for lane in range(lanes)]
    masks = [ir.Constant(ir.VectorType(_I32, lanes), [i + half for i in low]) for half in (0, lanes // 2)]

    def emit(target: Any, b: ir.IRBuilder, _signature: Any, args: list[ir.Value]) -> ir.Value:
        v = _Vectors(b, _ELEMENTS[dtype], lanes)
        out, out_stride, source, stride = args
        base, goal = v.pointer(source), v.pointer(out)
        rows = [v.load(v.vector_at(base, b.mul(stride, _I64(i))), None) for i in range(lanes)]
        for _ in range(lanes.bit_length() - 1):
            pairs = zip(rows[: lanes // 2], rows[lanes // 2 :], strict=True)
            rows = [b.shuffle_vector(x, y, mask) for x, y in pairs for mask in masks]
        for i, row in enumerate(rows):
            v.store(row, v.vector_at(goal, b.mul(out_stride, _I64(i))), None)
        return target.get_dummy_value()

    face = signature(void, *[int64] * 4)
    return intrinsic(lambda _context, out, out_stride, source, stride: (face, emit))
