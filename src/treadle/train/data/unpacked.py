"""Reading files, plain or .gz, without trusting what they say about their length.

Input: a path. Output: bytes, in pieces that were really there. Non-goals: what the bytes mean.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from types import TracebackType
from typing import IO, Self

RATIO = 200  # text and pictures shrink to a tenth or so; a file made to burst shrinks to a thousandth
UNSUSPICIOUS = 2**26  # bytes that anything may unpack to

_PIECE = 2**20


class Unpacked:
    """A file to read from, unpacked when its name ends in `.gz`.

    Reading raises ValueError for a file that unpacks to far more than its size, and what `gzip` raises for
    damaged ones: OSError, EOFError, zlib.error.
    """

    def __init__(self, path: Path) -> None:
        """Opens the file; OSError when it cannot be."""
        self._file = path.open("rb")
        packed = path.suffix == ".gz"
        self._stream: gzip.GzipFile | IO[bytes] = gzip.GzipFile(fileobj=self._file) if packed else self._file
        self._given = 0

    def read(self, size: int) -> bytearray:
        """The next bytes, at most `size`; memory is taken for those that are there alone."""
        found = bytearray()
        while len(found) < size:
            piece = self._stream.read(min(size - len(found), _PIECE))
            if not piece:
                break
            found += piece
            self._given += len(piece)
            refuse_burst(self._given, self._file.tell())
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        self._file.close()


def refuse_burst(unpacked: int, packed: int) -> None:
    """Raises ValueError when so few packed bytes should not have become so many."""
    if unpacked > UNSUSPICIOUS and unpacked > RATIO * packed:
        raise ValueError(f"it unpacks to more than {RATIO} times its size; data of real use do not")
