"""Reading safetensors files, which may come from anywhere: checked before anything is believed.

A file is the length of its header in 8 bytes, the header in JSON, and the elements. The header gives each
tensor's element type, shape, and place among the elements. Input: a path. Output: its tensors and metadata.
Memory: at most some multiple of the file's size. Source: the format's description in the safetensors
repository, whose rules (no holes, no overlaps, no repeated names) are all enforced here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from treadle.errors import fail
from treadle.ops.halves import from_words
from treadle.train.foreign_files import refuse_foreign
from treadle.train.json_files import parse_json
from treadle.types import DType

Array = npt.NDArray[Any]

METADATA = "__metadata__"
BF16 = "BF16"

_LENGTH = 8
_MAX_HEADER = 2**22
_MAX_NAME = 500
_MAX_RANK = 32
_TYPES = {
    "BOOL": "u1",
    "U8": "u1",
    "I8": "i1",
    "U16": "<u2",
    "I16": "<i2",
    "U32": "<u4",
    "I32": "<i4",
    "U64": "<u8",
    "I64": "<i8",
    "F16": "<f2",
    BF16: "<u2",
    "F32": "<f4",
    "F64": "<f8",
}


@dataclass(frozen=True)
class Entry:
    """A tensor of a file: its element type in the format's words, its shape, where its bytes lie."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class TensorFile:
    """What the header of a file says; places count from the beginning of the file."""

    path: Path
    entries: Mapping[str, Entry]
    metadata: Mapping[str, str]

    def read(self, name: str) -> Array:
        """The elements of a tensor; bfloat16 as float32.

        Raises:
            TreadleError: E0802 when the file has changed or cannot be read.
        """
        entry = self.entries[name]
        stored = np.dtype(_TYPES[entry.dtype])
        try:
            found = np.fromfile(self.path, stored, entry.size, offset=entry.start).reshape(entry.shape)
        except (OSError, ValueError) as error:
            _refuse(self.path, f"`{name}` cannot be read: {error}")
        if entry.dtype == BF16:
            return from_words(found, DType.BF16)
        return found != 0 if entry.dtype == "BOOL" else found.astype(stored.newbyteorder("="), copy=False)

    def read_all(self) -> dict[str, Array]:
        """All tensors by name."""
        return {name: self.read(name) for name in self.entries}


def open_tensors(path: Path) -> TensorFile:
    """Reads and checks the header of a file.

    Raises:
        TreadleError: E0802 for a damaged file, E0813 for weights in another format.
    """
    try:
        refuse_foreign(path)
        total = path.stat().st_size
        with path.open("rb") as stream:
            length = _header_length(path, stream.read(_LENGTH), total)
            header = _parsed(path, stream.read(length))
    except OSError as error:
        _refuse(path, f"it cannot be read: {error.strerror}")
    metadata = header.pop(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        _refuse(path, f"`{METADATA}` holds something else than texts by name")
    begin = _LENGTH + length
    entries = {name: _entry(path, name, facts, begin) for name, facts in header.items()}
    _check_places(path, entries, begin, total)
    return TensorFile(path, entries, metadata)


def _header_length(path: Path, start: bytes, total: int) -> int:
    length = int.from_bytes(start, "little")
    if len(start) < _LENGTH or length > total - _LENGTH:
        _refuse(path, f"it announces a header of {length:,} bytes, the file has {total:,}")
    if length > _MAX_HEADER:
        _refuse(path, f"its header has {length:,} bytes; at most {_MAX_HEADER:,} are read")
    return length


def _parsed(path: Path, text: bytes) -> dict[str, Any]:
    try:
        header = parse_json(text)
    except ValueError as error:
        _refuse(path, f"its header is not understood: {error}")
    if not isinstance(header, dict):
        _refuse(path, f"its header is {type(header).__name__}, expected an object")
    return header


def _entry(path: Path, name: str, facts: Any, begin: int) -> Entry:
    if len(name) > _MAX_NAME or not name.isprintable():
        _refuse(path, f"the name {name[:60]!r}... is too long or cannot be printed")
    try:
        dtype, shape, (start, stop) = facts["dtype"], tuple(facts["shape"]), facts["data_offsets"]
    except (TypeError, KeyError, ValueError):
        _refuse(path, f"`{name}` needs `dtype`, `shape` and two `data_offsets`")
    if not isinstance(dtype, str) or dtype not in _TYPES:
        _refuse(path, f"`{name}` has the element type {str(dtype)[:60]!r}; read are {', '.join(_TYPES)}")
    if len(shape) > _MAX_RANK or not all(
        type(number) is int and number >= 0 for number in (*shape, start, stop)
    ):
        _refuse(path, f"`{name}`: shape and offsets are whole numbers from 0, and at most {_MAX_RANK} axes")
    needed = math.prod(shape) * np.dtype(_TYPES[dtype]).itemsize
    if stop - start != needed:
        _refuse(
            path, f"`{name}`: {dtype} {list(shape)} needs {needed:,} bytes, its offsets give {stop - start:,}"
        )
    return Entry(dtype, shape, begin + start, begin + stop)


def _check_places(path: Path, entries: Mapping[str, Entry], begin: int, total: int) -> None:
    """Every byte after the header belongs to exactly one tensor."""
    ordered = sorted(entries, key=lambda name: (entries[name].start, entries[name].stop))
    for one, other in pairwise(ordered):
        if entries[other].start != entries[one].stop:
            what = "overlap" if entries[other].start < entries[one].stop else "have a hole between them"
            _refuse(path, f"`{one}` and `{other}` {what}")
    first, last = (entries[ordered[0]].start, entries[ordered[-1]].stop) if ordered else (begin, begin)
    if first != begin or last != total:
        _refuse(path, f"its tensors take bytes {first:,} to {last:,}, it has {begin:,} to {total:,}")


def _refuse(path: Path, problem: str) -> NoReturn:
    fail("E0802", f"{path} is not a whole safetensors file: {problem}")
