"""Single arrays as NumPy writes them (`.npy`, and the members of `.npz`), read without unpickling anything.

A file is a mark, two bytes of version, the length of the header, the header (a Python dictionary as text, of
which three entries are looked for; nothing is evaluated) and the elements. Source: NumPy's NEP 1.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_MARK = b"\x93NUMPY"
_MAX_HEADER = 10_000
_MAX_RANK = 32
_PIECE = 2**24
_NUMERIC = "biuf"
_DESCR = re.compile(r"'descr': *(?:'([^']{1,100})'|(\[))")
_ORDER = re.compile(r"'fortran_order': *(True|False)")
_SHAPE = re.compile(r"'shape': *\(([\dL, ]*)\)")
_KIND = re.compile(r"[<>|=]?[biufcSUVmMO?](\d{0,18})(\[.*\])?")


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes | bytearray:
        """The next bytes, at most `size`."""


@dataclass(frozen=True)
class Header:
    """What a header says; no dtype for elements that are no numbers."""

    dtype: np.dtype[Any] | None
    columns_first: bool
    shape: tuple[int, ...]
    length: int


def read_npy(stream: Readable, size: int) -> Array | None:
    """The array in `size` bytes; None when its elements are no numbers (text, records, dates).

    Raises:
        ValueError: for anything that is not a whole array of this size, or that needs unpickling.
    """
    header = _header(stream)
    if header.dtype is None:
        return None
    needed = math.prod(header.shape) * header.dtype.itemsize
    if needed != size - header.length:
        held = size - header.length
        raise ValueError(f"its header says {list(header.shape)}, {needed:,} bytes; it holds {held:,}")
    found = _exactly(stream, needed)
    if stream.read(1):
        raise ValueError("it is longer than it says")
    array = np.frombuffer(found, header.dtype).reshape(
        header.shape, order="F" if header.columns_first else "C"
    )
    return array.astype(header.dtype.newbyteorder("="), copy=False)


def _header(stream: Readable) -> Header:
    start = stream.read(8)
    if start[:6] != _MARK or start[6:8] not in (b"\1\0", b"\2\0"):
        raise ValueError(f"it does not begin as a NumPy array of version 1 or 2: {start.hex(' ')!r}")
    width = 2 if start[6] == 1 else 4
    length = int.from_bytes(_exactly(stream, width), "little")
    if length > _MAX_HEADER:
        raise ValueError(f"its header has {length:,} bytes; at most {_MAX_HEADER:,} are read")
    text = _exactly(stream, length).decode("latin-1")
    descr, order, shape = _DESCR.search(text), _ORDER.search(text), _SHAPE.search(text)
    if descr is None or order is None or shape is None:
        raise ValueError("its header lacks `descr`, `fortran_order` or `shape`")
    sizes = tuple(int(part) for part in re.findall(r"\d{1,19}", shape[1]))
    if len(sizes) > _MAX_RANK:
        raise ValueError(f"it has {len(sizes)} axes; at most {_MAX_RANK} are read")
    return Header(_dtype(descr[1]), order[1] == "True", sizes, 8 + width + length)


def _dtype(text: str | None) -> np.dtype[Any] | None:
    if text is None:
        return None  # records
    if not _KIND.fullmatch(text):
        raise ValueError(f"its element type {text!r} is not understood")
    if "O" in text:
        raise ValueError("it holds Python objects, which would have to be unpickled")
    if text.lstrip("<>|=")[0] not in _NUMERIC:
        return None
    try:
        return np.dtype(text)
    except TypeError:
        raise ValueError(f"there is no element type {text!r}") from None


def _exactly(stream: Readable, size: int) -> bytearray:
    """So many bytes, read in pieces: memory is taken for bytes that are there alone."""
    found = bytearray()
    while len(found) < size:
        piece = stream.read(min(size - len(found), _PIECE))
        if not piece:
            raise ValueError(f"it ends early: expected {size:,} bytes, found {len(found):,}")
        found += piece
    return found
