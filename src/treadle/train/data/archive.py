"""NumPy archives (`.npz`): zip files of arrays, of which nothing is believed before it is checked.

Input: a path. Output: its numeric arrays by name. Nothing is unpacked to the disk, so that names of members
cannot lead anywhere; strange ones are refused all the same, since no honest archive has them.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from treadle.train.data.npy import Array, read_npy
from treadle.train.data.unpacked import refuse_burst

# What reading a damaged archive raises; `NotImplementedError`, a RuntimeError, for methods of packing.
DAMAGED = (
    OSError,
    ValueError,
    EOFError,
    RuntimeError,
    OverflowError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)

_ENDING = ".npy"
_MAX_BYTES = 2**33
_MAX_DIRECTORY = 2**22
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1


def read_archive(path: Path) -> dict[str, Array]:
    """The numeric arrays of an archive; members of other kinds are left out.

    Raises:
        DAMAGED: for anything else than a whole, harmless archive.
    """
    with _Guarded(path) as file, zipfile.ZipFile(file) as archive:
        file.limit = None
        members = [one for one in archive.infolist() if not one.is_dir()]
        _check(members, path.stat().st_size)
        found = {one.filename.removesuffix(_ENDING): _array(archive, one) for one in members}
    return {name: array for name, array in found.items() if array is not None}


class _Guarded(io.FileIO):
    """A file that does not give more than `limit` bytes at once.

    The list of members is read at once, however long an archive says that it is.
    """

    limit: int | None = _MAX_DIRECTORY

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes; ValueError beyond the limit."""
        if self.limit is not None and size is not None and size > self.limit:
            raise ValueError(f"its list of members has {size:,} bytes; at most {self.limit:,} are read")
        return super().read(-1 if size is None else size) or b""


def _check(members: Sequence[zipfile.ZipInfo], size: int) -> None:
    """Raises ValueError for members that no honest archive has."""
    repeated, count = Counter(one.filename for one in members).most_common(1)[0] if members else ("", 0)
    if count > 1:
        raise ValueError(f"it holds `{repeated}` twice")
    for one in members:
        _check_member(one)
    unpacked, packed = sum(one.file_size for one in members), sum(one.compress_size for one in members)
    if packed > size:
        raise ValueError(f"its members overlap: {packed:,} packed bytes in a file of {size:,}")
    if unpacked > _MAX_BYTES:
        raise ValueError(f"it unpacks to {unpacked:,} bytes; at most {_MAX_BYTES:,} are read")
    refuse_burst(unpacked, size)


def _check_member(one: zipfile.ZipInfo) -> None:
    path = PurePosixPath(one.filename)
    if one.filename != one.orig_filename or ".." in path.parts or path.is_absolute() or "\\" in one.filename:
        raise ValueError(f"the name of its member {one.orig_filename[:100]!r} is a path to elsewhere")
    if one.compress_type not in _METHODS or one.flag_bits & _ENCRYPTED:
        raise ValueError(f"its member `{one.filename[:100]}` is packed in a way that NumPy does not use")


def _array(archive: zipfile.ZipFile, one: zipfile.ZipInfo) -> Array | None:
    if not one.filename.endswith(_ENDING):
        return None
    try:
        with archive.open(one) as stream:
            return read_npy(stream, one.file_size)
    except DAMAGED as error:
        raise ValueError(f"member `{one.filename[:100]}`: {error}") from None
