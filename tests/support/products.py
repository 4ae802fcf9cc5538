"""Products for tests of the CUDA templates: calls on buffers of random numbers, and their values by NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from support.block_sim import DeviceBuffer, run_steps
from treadle.backends.numba_cuda.kernel import Steps
from treadle.lower.plan import ConvCall, Epilogue, EpilogueOperand, MatmulCall
from treadle.lower.storage import Buffer, BufferKind, Storage, contiguous_strides
from treadle.ops import REGISTRY
from treadle.types import DType

Array = np.ndarray
WORDS = {DType.F32: np.float32, DType.F64: np.float64, DType.BF16: np.uint16, DType.F16: np.uint16}


def to_words(values: Array, dtype: DType) -> Array:
    """Values as they lie in memory; bfloat16 is rounded to nearest even."""
    if dtype is DType.F16:
        return values.astype(np.float16).view(np.uint16)
    if dtype is not DType.BF16:
        return np.ascontiguousarray(values, WORDS[dtype])
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def from_words(words: Array, dtype: DType) -> Array:
    """The values of what lies in memory, in float64."""
    if dtype is DType.F16:
        return words.view(np.float16).astype(np.float64)
    if dtype is DType.BF16:
        return (words.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return words.astype(np.float64)


@dataclass
class Workbench:
    """Buffers of a product under test."""

    dtype: DType = DType.F32
    seed: int = 0
    buffers: dict[Buffer, DeviceBuffer] = field(default_factory=dict)
    values: dict[Buffer, Array] = field(default_factory=dict)

    def filled(
        self, name: str, shape: tuple[int, ...], strides: tuple[int, ...] | None = None, offset: int = 0
    ) -> Storage:
        """A tensor of random numbers; everything around its elements is NaN."""
        storage = self.empty(name, shape, strides, offset)
        numbers = np.random.default_rng([self.seed, len(self.values)]).standard_normal(
            storage.buffer.elements
        )
        words = to_words(numbers, self.dtype)
        poisoned = to_words(np.full(numbers.shape, np.nan), self.dtype)
        places = np.unique(elements(storage))
        poisoned[places] = words[places]
        self.buffers[storage.buffer] = DeviceBuffer.of(poisoned)
        self.values[storage.buffer] = from_words(poisoned, self.dtype)
        return storage

    def empty(
        self, name: str, shape: tuple[int, ...], strides: tuple[int, ...] | None = None, offset: int = 0
    ) -> Storage:
        """A tensor that nothing has written."""
        strides = strides or contiguous_strides(shape)
        probe = Storage(Buffer(name, self.dtype, 0, BufferKind.ARENA), shape, strides, offset)
        size = int(elements(probe).max(initial=-1)) + 1
        buffer = Buffer(name, self.dtype, size, BufferKind.ARENA)
        self.buffers[buffer] = DeviceBuffer.empty(max(1, size), WORDS[self.dtype], name)
        return Storage(buffer, shape, strides, offset)

    def read(self, storage: Storage) -> Array:
        """The values of a tensor that was filled."""
        return self.values[storage.buffer][elements(storage)]

    def written(self, storage: Storage) -> Array:
        """The values of a tensor that a kernel has written."""
        words = self.buffers[storage.buffer].data.view(WORDS[self.dtype])
        return from_words(words[elements(storage)], self.dtype)

    def run(self, steps: Steps, roles: Mapping[str, Storage], order: str = "forward") -> None:
        """Runs steps in the simulator."""
        size = self.dtype.itemsize
        buffers = {role: self.buffers[storage.buffer] for role, storage in roles.items()}
        run_steps(steps, buffers, order, {role: storage.offset * size for role, storage in roles.items()})


def elements(storage: Storage) -> Array:
    """The number of each element in its buffer."""
    places = np.full(storage.shape, storage.offset, np.int64)
    for axis, (size, stride) in enumerate(zip(storage.shape, storage.strides, strict=True)):
        shape = [1] * len(storage.shape)
        shape[axis] = size
        places = places + np.arange(size, dtype=np.int64).reshape(shape) * stride
    return places


def roles(call: MatmulCall | ConvCall) -> dict[str, Storage]:
    """The storage of each role of a call."""
    if isinstance(call, MatmulCall):
        named = {"a": call.a, "b": call.b, "c": call.c}
    else:
        words = {"conv": "x w y", "conv_input_grad": "dy w dx", "conv_filter_grad": "x dy dw"}[call.op]
        named = dict(zip(words.split(), (*call.inputs, call.output), strict=True))
    named |= {operand.name: operand.storage for operand in call.epilogue.operands}
    return named | {f"out{i}": out for i, out in enumerate(call.epilogue.outputs, start=1)}


def matmul_call(
    bench: Workbench,
    sizes: tuple[int, int, int, int],
    flipped: str = "",
    epilogue: Epilogue | None = None,
    c_pad: int = 0,
) -> MatmulCall:
    """A product of contiguous operands of sizes (batch, m, n, k); `flipped` names those that are
    transposed."""
    batch, m, n, k = sizes
    a = _matrix(bench, "a", (batch, m, k), "a" in flipped)
    b = _matrix(bench, "b", (batch, k, n), "b" in flipped)
    row = n + c_pad
    c = bench.empty("c", (batch, m, n), (m * row, row, 1))
    return MatmulCall(a, b, c, epilogue or Epilogue())


def _matrix(bench: Workbench, name: str, shape: tuple[int, int, int], flipped: bool) -> Storage:
    _, rows, columns = shape
    strides = (rows * columns, 1, rows) if flipped else (rows * columns, columns, 1)
    return bench.filled(name, shape, strides)


def heads_call(
    bench: Workbench, sizes: tuple[int, int, int, int, int], epilogue: Epilogue | None = None
) -> MatmulCall:
    """A product over the heads of an attention, of sizes (batch, heads, m, n, k): a lies as [batch, m, heads,
    k], b as [batch, n, heads, k], so that two batch axes are needed."""
    batch, heads, m, n, k = sizes
    a = bench.filled("a", (batch, heads, m, k), (m * heads * k, k, heads * k, 1))
    b = bench.filled("b", (batch, heads, k, n), (n * heads * k, k, 1, heads * k))
    return MatmulCall(a, b, bench.empty("c", (batch * heads, m, n)), epilogue or Epilogue())


def product(bench: Workbench, call: MatmulCall) -> Array:
    """The matrix product in float64."""
    return np.asarray(bench.read(call.a) @ bench.read(call.b)).reshape(call.c.shape)


def operand(bench: Workbench, name: str, kind: str, sizes: tuple[int, int, int]) -> EpilogueOperand:
    """An operand of an epilogue, of a kind, for a result of sizes (batch, m, n)."""
    batch, m, n = sizes
    strides = {"scalar": (0, 0, 0), "row": (0, 1, 0), "column": (0, 0, 1), "full": (m * n, n, 1)}[kind]
    return EpilogueOperand(name, kind, bench.filled(name, (batch, m, n), strides))


CONVS = ("conv", "conv_input_grad", "conv_filter_grad")
Shape = tuple[int, ...]
Pair = tuple[int, int]


@dataclass(frozen=True)
class ConvCase:
    """A convolution of an image of shape x with weights of shape w."""

    x: Shape
    w: Shape
    stride: Pair = (1, 1)
    padding: tuple[Pair, Pair] = ((0, 0), (0, 0))
    dilation: Pair = (1, 1)
    groups: int = 1

    @property
    def attrs(self) -> dict[str, object]:
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }

    @property
    def y(self) -> Shape:
        """The shape of the result."""
        spatial = (
            (self.x[2 + i] + sum(self.padding[i]) - self.dilation[i] * (self.w[2 + i] - 1) - 1)
            // self.stride[i]
            + 1
            for i in range(2)
        )
        return (self.x[0], self.w[0], *spatial)


def conv_call(bench: Workbench, op: str, case: ConvCase, epilogue: Epilogue | None = None) -> ConvCall:
    """A convolution or one of its gradients, on random numbers."""
    first, second, out, extra = {
        "conv": (case.x, case.w, case.y, {}),
        "conv_input_grad": (case.y, case.w, case.x, {"in_size": case.x[2:]}),
        "conv_filter_grad": (case.x, case.y, case.w, {"kernel": case.w[2:]}),
    }[op]
    inputs = bench.filled("first", first), bench.filled("second", second)
    return ConvCall(op, inputs, bench.empty("result", out), case.attrs | extra, epilogue or Epilogue())


def conv_value(bench: Workbench, call: ConvCall) -> Array:
    """What a convolution gives by the op's meaning."""
    first, second = (bench.read(storage) for storage in call.inputs)
    return np.asarray(REGISTRY[call.op].reference(first, second, **call.attrs))
