"""Where the result of a matrix product and the operands of its epilogue lie, as text.

Input: a `MatmulCall`. Output: a `Tail` whose indices are over the variables z, row and column.
"""

from __future__ import annotations

from treadle.backends.numba_cuda.kernel import Pointer
from treadle.backends.numba_cuda.templates.elements import element
from treadle.backends.numba_cuda.templates.tail import Place, Tail
from treadle.backends.numba_cuda.templates.text import Param
from treadle.lower.plan import MatmulCall, storages
from treadle.lower.storage import Storage

LARGEST = 2**31 - 1
"""The largest 32-bit element number."""

_TERMS = {
    "scalar": ("z",),
    "row": ("z", "row"),
    "column": ("z", "column"),
    "full": ("z", "row stride", "column"),
}


def index_type(call: MatmulCall) -> str:
    """The integer type that can count the elements of all storages of a product."""
    reads, writes = storages(call)
    return "int32" if all(reach(storage) <= LARGEST for storage in reads + writes) else "int64"


def inner_batch(call: MatmulCall) -> int:
    """The second axis of a batch of two; 0 for one axis."""
    return call.a.shape[1] if len(call.a.shape) == 4 else 0


def reach(storage: Storage) -> int:
    """The largest distance of an element from the first one."""
    pairs = zip(storage.shape, storage.strides, strict=True)
    return sum(max(0, size - 1) * abs(stride) for size, stride in pairs)


def gemm_tail(call: MatmulCall, *, wide: bool = True) -> Tail:
    """The tail of a product: with the epilogue's operands and outputs; `wide` accesses where they are
    aligned."""
    work = call.epilogue
    kind, index = element(call.dtype), index_type(call)
    named = [("c", call.c), *((f"out{i}", out) for i, out in enumerate(work.outputs, start=1))]
    outputs = tuple(_place(name, "full", storage, kind.pointer, index) for name, storage in named)
    operands = tuple(_place(o.name, o.kind, o.storage, kind.pointer, index) for o in work.operands)
    wide = wide and all(_is_aligned(s, kind.width, "full") for _, s in named)
    wide = wide and all(_is_aligned(o.storage, kind.width, o.kind) for o in work.operands)
    return Tail(kind, work, outputs, operands, kind.width if wide else 1)


def _place(name: str, kind: str, storage: Storage, pointer: str, index: str) -> Place:
    terms = _TERMS[kind]
    number = "i32" if index == "int32" else "i64"
    params = [Param(f"p_{name}", f"{pointer}*", Pointer(name))]
    params.append(Param(f"{name}_z", number, storage.strides[0] if storage.shape[0] > 1 else 0))
    texts = {"z": f"z * {name}_z", "row stride": f"row * {name}_r"}
    if kind == "full":
        params.append(Param(f"{name}_r", number, storage.strides[1]))
    text = " + ".join(texts.get(term, term) for term in terms)
    return Place(name, tuple(params), f"{index}({text})", "column" in terms)


def _is_aligned(storage: Storage, width: int, kind: str) -> bool:
    """Whether runs of `width` neighbouring columns begin at multiples of 16 bytes."""
    if kind in {"scalar", "row"}:
        return True
    batch, rows, columns = storage.shape
    steps = [storage.offset, columns, *(step for _, step in storage.moves)]
    steps += [storage.strides[0]] if batch > 1 else []
    steps += [storage.strides[1]] if rows > 1 and kind == "full" else []
    return all(step % width == 0 for step in steps)
