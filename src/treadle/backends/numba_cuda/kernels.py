"""From a call of a lowered plan to launches.

Input: a `KernelCall` of lowering. Output: `Steps` whose roles are the positions of the call's operands.
Scratch that lowering gives each thread lives in shared memory here, or in the role `scratch` where a row is
too long.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod

from treadle.backends.numba_cuda.division import magic
from treadle.backends.numba_cuda.kernel import ENTRY, KernelSource, Launch, Pointer, Steps, Three
from treadle.backends.numba_cuda.printer import Printer, indented
from treadle.backends.numba_cuda.schedule import WARP_SIZE, Schedule, Shape, choose
from treadle.backends.numba_cuda.structure import Structure
from treadle.errors import fail
from treadle.loops import Kernel
from treadle.lower.plan import KernelCall
from treadle.types import DType

LARGEST = 2**31 - 1
POINTERS = {
    DType.F32: "f32*", DType.F64: "f64*", DType.I64: "i64*", DType.I32: "i32*", DType.U8: "u8*",
    DType.BOOL: "u8*", DType.F16: "u16*", DType.BF16: "u16*",
}  # fmt: skip
ELEMENTS = {
    DType.F32: "float32", DType.F64: "float64", DType.I64: "int64", DType.I32: "int32", DType.U8: "uint8",
    DType.BOOL: "uint8", DType.F16: "uint16", DType.BF16: "uint16",
}  # fmt: skip
RESIDENT_BLOCKS = 264  # of kernels whose blocks have scratch in global memory
PARTS = 16  # bytes: shares of scratch begin at multiples of it


@lru_cache(maxsize=1024)
def kernel_steps(call: KernelCall) -> Steps:
    """The launches of a call.

    Raises:
        TreadleError: E1103 for a tensor of 2^31 elements or more, which 32-bit indices do not reach.
    """
    for operand in call.operands:
        if operand.buffer.elements > LARGEST:
            span = call.nodes[0].span if call.nodes else None
            message = (
                f"the cuda backend does not compute with tensors of {operand.buffer.elements:,} elements"
            )
            fail("E1103", message, span, hint="make the batch smaller, or split the tensor")
    return _Builder(call).steps()


class _Builder:
    def __init__(self, call: KernelCall) -> None:
        self.call = call
        self.kernel: Kernel = call.kernel
        self.structure = Structure(call.sizes)
        moves = [[step for _, step in operand.moves] for operand in call.operands]
        self.schedule: Schedule = choose(self.kernel, self.structure, moves)
        self.printer = Printer(self.kernel, self.schedule, self.structure, moves, wide=False)
        self.names: list[str] = []
        self.params: list[str] = []
        self.args: list[Pointer | int] = []
        extents = [self.structure.value(loop.stops[0].offset) for loop in self.schedule.rows]
        self.rows = prod(extents) // self.schedule.vector
        self.scratch_bytes = 0

    def steps(self) -> Steps:
        prologue = [*self._buffers(), *self._sizes()]
        body = self._body()
        self._divisors()
        arrays = list(self.printer.team.arrays.values())
        text = (
            "\n".join([f"def {ENTRY}({', '.join(self.names)}):", *indented([*arrays, *prologue, *body])])
            + "\n"
        )
        source = KernelSource(self.kernel.name, text, tuple(self.params), self.schedule.threads)
        shared = self.schedule.teams * self.schedule.scratch if self.schedule.in_shared else 0
        launch = Launch(source, self._grid(), self._block(), tuple(self.args), shared)
        return Steps((launch,), self.scratch_bytes)

    def _add(self, name: str, param: str, value: Pointer | int) -> None:
        self.names.append(name)
        self.params.append(param)
        self.args.append(value)

    def _number(self, name: str, value: int) -> None:
        self._add(name, "i32" if -LARGEST - 1 <= value <= LARGEST else "i64", value)

    def _buffers(self) -> list[str]:
        """Parameters for buffers, and lines that place scratch."""
        lines: list[str] = []
        offset = 0
        for number, param in enumerate(self.kernel.buffers):
            if param.part_stride is None:
                self._add(f"b{number}", POINTERS[param.dtype], Pointer(str(number)))
                continue
            stride = self.structure.value(param.part_stride)
            lines.extend(self._scratch(number, param.dtype, stride, offset))
            offset += stride * param.dtype.itemsize
        return lines

    def _scratch(self, number: int, dtype: DType, stride: int, offset: int) -> list[str]:
        """Where a team's share of a scratch buffer begins, in elements: behind the other buffers' shares."""
        self.printer.values.places[number] = f"p{number}"
        teams = self.schedule.teams if self.schedule.in_shared else self._blocks()
        self._number(f"o{number}", teams * offset // dtype.itemsize if self.schedule.in_shared else 0)
        self._number(f"t{number}", stride)
        place = f"p{number} = int32(o{number} + {self._team_number()} * t{number})"
        if self.schedule.in_shared:
            self.printer.values.scratch.add(number)
            return [f"b{number} = cuda.shared.array(0, {ELEMENTS[dtype]})", place]
        self._add(f"b{number}", POINTERS[dtype], Pointer("scratch", teams * offset))
        self.scratch_bytes = teams * (offset + stride * dtype.itemsize)
        return [place]

    def _team_number(self) -> str:
        if not self.schedule.in_shared:
            return "int32(cuda.blockIdx.x)"
        return "int32(cuda.threadIdx.y)" if self.schedule.shape is Shape.WARP else "int32(0)"

    def _sizes(self) -> list[str]:
        for number, value in enumerate(self.call.sizes):
            self._number(f"s{number}", value)
        return []

    def _divisors(self) -> None:
        for number, divisor in enumerate(self.printer.divisors):
            multiplier, shift = magic(divisor)
            self._number(f"m{number}", multiplier)
            self._number(f"h{number}", shift)
            self._number(f"e{number}", divisor)

    def _body(self) -> list[str]:
        schedule = self.schedule
        if schedule.shape is Shape.WHOLE:
            return [*_LANES[Shape.WHOLE], *self.printer.core()]
        self._number("rows", self.rows)
        decoded = self.printer.decode(schedule.rows, "row", schedule.vector)
        core = [*decoded, *self.printer.core()]
        if schedule.shape is Shape.COLUMNS:
            return [*_LANES[Shape.COLUMNS], *core]
        if not schedule.in_shared:
            step = ["cuda.syncthreads()", "row = int32(row + cuda.gridDim.x)"]
            return [*_LANES[Shape.BLOCK], "while row < rows:", *indented([*core, *step])]
        return [*_LANES[schedule.shape], "if row < rows:", *indented(core)]

    def _blocks(self) -> int:
        if self.schedule.shape is Shape.WHOLE:
            return 1
        teams = self.schedule.teams
        blocks = -(-self.rows // teams)
        return blocks if self.schedule.in_shared else min(blocks, RESIDENT_BLOCKS)

    def _grid(self) -> Three:
        return (max(self._blocks(), 1), 1, 1)

    def _block(self) -> Three:
        schedule = self.schedule
        if schedule.shape in {Shape.WARP, Shape.COLUMNS}:
            return (WARP_SIZE, schedule.threads // WARP_SIZE, 1)
        return (schedule.threads, 1, 1)


_LANES = {
    Shape.FLAT: ["row = int32(cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x)"],
    Shape.WARP: [
        "first = int32(cuda.threadIdx.x)",
        "row = int32(cuda.blockIdx.x * cuda.blockDim.y + cuda.threadIdx.y)",
    ],
    Shape.BLOCK: [
        "lane = int32(cuda.threadIdx.x)",
        "first = lane",
        "warp = int32(lane // int32(32))",
        "row = int32(cuda.blockIdx.x)",
    ],
    Shape.WHOLE: ["lane = int32(cuda.threadIdx.x)", "first = lane", "warp = int32(lane // int32(32))"],
    Shape.COLUMNS: [
        "column = int32(cuda.threadIdx.x)",
        "lane = int32(cuda.threadIdx.y)",
        "row = int32(cuda.blockIdx.x * int32(32) + column)",
        "first = select(row < rows, lane, int32(1073741824))",
        "row = select(row < rows, row, int32(rows - int32(1)))",
    ],
}
"""Lines that tell a thread its row and its first share; columns beyond the last repeat its loads."""
