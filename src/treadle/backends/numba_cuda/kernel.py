"""A CUDA kernel before compilation, and how it is launched.

A kernel is the source text of one Python function `kernel(...)` in the device dialect (`dialect.py`); the
same text is compiled for a GPU and run by the block simulator of the tests. Its parameters are typed
pointers and 32-bit sizes. Imports neither numba nor any CUDA package.
"""

from __future__ import annotations

from dataclasses import dataclass

from treadle.types import DType

ENTRY = "kernel"
"""The name that a kernel's function must have in its source text."""

Three = tuple[int, int, int]


@dataclass(frozen=True)
class KernelSource:
    """Source text that defines `kernel`, and what the compiler must know of it.

    Attributes:
        name: for people, not part of the cache key.
        text: the function, without imports: the dialect's names are in scope.
        params: the type of each parameter: `f32*`, `i64*`, `u8*` ... for pointers, else `i32`, `i64`, `f32`.
        threads: threads of a block at most; the compiler keeps registers within it.
        blocks: blocks that shall fit on a multiprocessor at once.
    """

    name: str
    text: str
    params: tuple[str, ...]
    threads: int
    blocks: int = 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KernelSource) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return self.text, self.params, self.threads, self.blocks


@dataclass(frozen=True)
class Pointer:
    """An argument: the address of the buffer in a role, plus `offset` bytes."""

    role: str
    offset: int = 0


@dataclass(frozen=True)
class Launch:
    """One launch of a kernel.

    Attributes:
        args: by parameter: a `Pointer`, or a number.
        shared: bytes of dynamic shared memory.
    """

    source: KernelSource
    grid: Three
    block: Three
    args: tuple[Pointer | int | float, ...]
    shared: int = 0


@dataclass(frozen=True)
class Fill:
    """Sets `count` bytes at a pointer to `value`, before what follows."""

    pointer: Pointer
    count: int
    value: int = 0


@dataclass(frozen=True)
class Panel:
    """A batch of matrices in lines: rows, or columns if `transposed`.

    Attributes:
        stride: elements from one line to the next; those of a line lie side by side.
        batch_stride: elements from one matrix to the next; 0 repeats it.
    """

    pointer: Pointer
    stride: int
    batch_stride: int = 0
    transposed: bool = False


@dataclass(frozen=True)
class Product:
    """c = a @ b + bias for each matrix of a batch, by the library of the GPU's maker.

    Attributes:
        dtype: of a, b and bias; halves are summed in float32.
        result: of c.
        bias: one element for each column, or none.
        workspace: memory that the library may use meanwhile.
    """

    dtype: DType
    result: DType
    batch: int
    m: int
    n: int
    k: int
    a: Panel
    b: Panel
    c: Panel
    workspace: Pointer
    workspace_bytes: int
    bias: Pointer | None = None

    @property
    def args(self) -> tuple[Pointer, ...]:
        """The pointers: a, b, c, the workspace, and the bias if there is one."""
        places = (self.a.pointer, self.b.pointer, self.c.pointer, self.workspace)
        return places if self.bias is None else (*places, self.bias)


Step = Launch | Fill | Product


@dataclass(frozen=True)
class Steps:
    """What a kernel call or a product becomes: steps in order.

    The caller places the role `scratch` (`scratch_bytes`, 256-byte aligned; its contents need not survive).
    """

    steps: tuple[Step, ...]
    scratch_bytes: int = 0

    def sources(self) -> list[KernelSource]:
        """The distinct kernels, in order."""
        return list(dict.fromkeys(step.source for step in self.steps if isinstance(step, Launch)))
