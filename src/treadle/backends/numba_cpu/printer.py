"""Kernels as Python source that Numba compiles: one function `kernel(meta, part, parts)` for each.

Input: a scheduled kernel. Output: `KernelSource`. Addresses come first in `meta`, then sizes. Literals are
typed, so that nothing is widened by accident. One method per node of the loop IR.
"""

from __future__ import annotations

from functools import singledispatchmethod
from typing import Any

from treadle.backends.numba_cpu.expressions import ExprPrinter
from treadle.backends.numba_cpu.kernel import KernelSource
from treadle.backends.numba_cpu.schedule import schedule
from treadle.loops import (
    Accumulate,
    Assign,
    Barrier,
    BufferParam,
    Expr,
    For,
    If,
    Index,
    Kernel,
    Kind,
    Let,
    Size,
    SizeLike,
    Store,
)
from treadle.loops.kernel import walk_statements
from treadle.types import DType

POINTERS = {
    DType.F32: "f32", DType.F64: "f64", DType.I64: "i64", DType.I32: "i32", DType.U8: "u8", DType.BOOL: "b8",
    DType.F16: "f16", DType.BF16: "bf16",
}  # fmt: skip


def print_kernel(kernel: Kernel) -> KernelSource:
    """The source of a kernel."""
    return _KernelPrinter(schedule(kernel)).source()


class _KernelPrinter:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.imports = {"slots"}
        self.functions: set[str] = set()
        self.draws: set[str] = set()
        self.values = ExprPrinter(self.imports, self.functions, self.draws)

    def source(self) -> KernelSource:
        lines = [*self._pointers(), *self._sizes()]
        for statement in self.kernel.body:
            lines.extend(self.lines(statement))
        text = "\n".join(
            [*self._imports(), "", "", "def kernel(meta, part, parts):", *(f"    {x}" for x in lines)]
        )
        return KernelSource(self.kernel.name, text + "\n")

    def _imports(self) -> list[str]:
        package = "treadle.backends.numba_cpu"
        found = [f"from {package}.abi import {', '.join(sorted(self.imports))}"]
        if self.functions:
            found.append(f"from {package}.vmath import {', '.join(sorted(self.functions))}")
        if self.draws:
            found.append(f"from {package}.random import {', '.join(sorted(self.draws))}")
        return found

    def _pointers(self) -> list[str]:
        return ["m = slots(meta)", *(self._pointer(n, p) for n, p in enumerate(self.kernel.buffers))]

    def _pointer(self, number: int, param: BufferParam) -> str:
        kind = POINTERS[param.dtype]
        if param.part_stride is None:
            self.imports.add(f"{kind}_buffer")
            return f"b{number} = {kind}_buffer(m, {number})"
        self.imports.add(f"{kind}_part")
        step = f"part * {self._slot(param.part_stride)} * {param.dtype.itemsize}"
        return f"b{number} = {kind}_part(m, {number}, {step})"

    def _slot(self, size: SizeLike) -> str:
        return f"m[{len(self.kernel.buffers) + size.number}]" if isinstance(size, Size) else str(size)

    def _sizes(self) -> list[str]:
        return [f"s{number} = {self._slot(Size(number))}" for number in range(self.kernel.sizes)]

    def index(self, index: Index) -> str:
        return self.values.index(index)

    def expr(self, value: Expr) -> str:
        return self.values.text(value)

    @singledispatchmethod
    def lines(self, statement: Any) -> list[str]:
        """The lines of a statement."""
        raise TypeError(f"no CPU form of {statement!r}; add it to numba_cpu/printer.py")

    @lines.register
    def _(self, statement: Let) -> list[str]:
        return [f"{statement.name} = {self.expr(statement.value)}"]

    @lines.register
    def _(self, statement: Assign) -> list[str]:
        return [f"{statement.name} = {self.expr(statement.value)}"]

    @lines.register
    def _(self, statement: Accumulate) -> list[str]:
        value = self.values.accumulated(statement.function, statement.name, statement.value)
        return [f"{statement.name} = {value}"]

    @lines.register
    def _(self, statement: Store) -> list[str]:
        target = f"b{statement.buffer}[{self.index(statement.index)}]"
        return [f"{target} {'+=' if statement.accumulate else '='} {self.expr(statement.value)}"]

    @lines.register
    def _(self, statement: If) -> list[str]:
        body = [f"    {line}" for inner in statement.body for line in self.lines(inner)]
        return [f"if {self.expr(statement.condition)}:", *body]

    @lines.register
    def _(self, _statement: Barrier) -> list[str]:
        return []

    @lines.register
    def _(self, statement: For) -> list[str]:
        if statement.kind is Kind.UNROLL:
            return self._unrolled(statement)
        body = [f"    {line}" for inner in statement.body for line in self.lines(inner)]
        return [f"for {statement.variable} in range({self._bounds(statement)}):", *body]

    def _unrolled(self, loop: For) -> list[str]:
        extent = loop.extent
        if not isinstance(extent, int):
            raise TypeError(f"the unrolled loop over {loop.variable} needs a literal extent")
        lines: list[str] = []
        for number in range(extent):
            self.values.literals[loop.variable] = number
            lines.extend(line for inner in loop.body for line in self.lines(inner))
        del self.values.literals[loop.variable]
        return lines

    def _bounds(self, loop: For) -> str:
        start, stop = self.index(loop.start), self.index(loop.stops[0])
        for other in map(self.index, loop.stops[1:]):
            stop = f"({stop} if {stop} < {other} else {other})"
        if loop.kind is not Kind.PARTS:
            return f"{start}, {stop}"
        flat = not any(
            isinstance(inner, For) and inner.kind is not Kind.UNROLL for inner in walk_statements(loop.body)
        )
        share = "share_elements" if flat else "share"
        self.imports.add(share)
        return f"{share}({stop}, part, parts), {share}({stop}, part + 1, parts)"
