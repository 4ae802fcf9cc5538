"""IDX files, the format of MNIST: `idx("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")`.

A file is 0, 0, type code, rank, then the sizes as big-endian 32-bit numbers, then the data. Columns:
`images`, `labels`.
"""

from __future__ import annotations

import math
import zlib
from pathlib import Path

import numpy as np

from treadle.errors import fail
from treadle.source import Span
from treadle.train.data.request import Request
from treadle.train.data.splits import split_as_asked
from treadle.train.data.table import Array, Splits, make_table
from treadle.train.data.unpacked import Unpacked

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MAX_BYTES = 2**33


def load_idx(request: Request) -> Splits:
    """`idx(images, labels, test, validation, shuffle, split_seed)`.

    Raises:
        TreadleError: E0701 for a missing file, E0702 for a damaged one, E0707 for files that do not belong
            together.
    """
    columns = {}
    for name in ("images", "labels"):
        path = request.folders.find(request.text(name), "an IDX file, plain or .gz", request.span)
        columns[name] = read_idx(path, request.span)
    return split_as_asked(make_table(columns, "the IDX files", request.span), request)


def read_idx(path: Path, span: Span | None = None) -> Array:
    """The array in an IDX file.

    Raises:
        TreadleError: E0702 with what was expected and found.
    """
    try:
        with Unpacked(path) as stream:
            return _read(stream, path, span)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        fail("E0702", f"{path} cannot be read: {error}", span)


def _read(stream: Unpacked, path: Path, span: Span | None) -> Array:
    start = stream.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _TYPES or start[3] == 0:
        fail("E0702", f"{path} is not an IDX file: expected 0, 0, type, rank; found {start.hex(' ')!r}", span)
    sizes = stream.read(4 * start[3])
    if len(sizes) < 4 * start[3]:
        fail(
            "E0702",
            f"{path} ends in its header: expected {4 * start[3]} bytes of sizes, found {len(sizes)}",
            span,
        )
    shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
    dtype = np.dtype(_TYPES[start[2]])
    wanted = math.prod(shape) * dtype.itemsize
    if wanted > _MAX_BYTES:
        fail(
            "E0702",
            f"{path} announces shape {shape}, {wanted:,} bytes; at most {_MAX_BYTES:,} are read",
            span,
        )
    found = stream.read(wanted + 1)
    if len(found) != wanted:
        more = "more" if len(found) > wanted else f"{len(found):,}"
        fail(
            "E0702", f"{path} has the wrong length: shape {shape} needs {wanted:,} bytes, found {more}", span
        )
    return np.frombuffer(found, dtype).reshape(shape).astype(dtype.newbyteorder("="))
