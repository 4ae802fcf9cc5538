"""Archives and arrays that lie: sizes, counts, names, types, bombs. Each is the content of one file."""

from __future__ import annotations

import gzip
import io
import struct
import warnings
import zipfile
import zlib

GIGABYTE = 2**30


def npy(header: str, content: bytes = b"", version: int = 1) -> bytes:
    """An array file with any header."""
    text = header.encode("latin-1")
    width = "<H" if version == 1 else "<I"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack(width, len(text)) + text + content


def described(descr: str, shape: str, content: bytes = b"\0" * 16) -> bytes:
    """An array file whose header says this."""
    return npy(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n", content)


HONEST = described("'<f4'", "(4,)")

ARRAYS = {
    "empty": b"",
    "mark_alone": b"\x93NUMPY",
    "no_header": b"\x93NUMPY\1\0",
    "huge_header": b"\x93NUMPY\2\0" + struct.pack("<I", 2**32 - 1) + b"{",
    "version_nine": npy("{}", version=1).replace(b"\1\0", b"\x09\0", 1),
    "shape_of_a_trillion": described("'<f4'", "(1000000000000,)"),
    "shape_overflows": described("'<f4'", "(4294967296, 4294967296, 4294967296)"),
    "shape_too_small": described("'<f4'", "(1,)"),
    "shape_negative": described("'<f4'", "(-4,)"),
    "thousand_axes": described("'<f4'", f"({'1, ' * 1000})", b"\0" * 4),
    "type_lies": described("'<f8'", "(4,)"),
    "type_huge": described("'|V1000000000000'", "(1,)"),
    "type_unknown": described("'<f3'", "(4,)"),
    "objects": described("'|O'", "(1,)", b"\x80\x04."),
    "records_of_objects": described("[('a', 'O')]", "(1,)", b"\x80\x04."),
    "header_calls": npy("{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (1,)}"),
    "header_deep": npy("(" * 9000),
    "header_repeats": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (" + "9" * 9000 + ",)}"),
    "cut_short": HONEST[:-3],
}


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of members."""
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", method) as archive:
        warnings.simplefilter("ignore")  # repeated names are what we want
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return stream.getvalue()


def deflated_zeros(pieces: int) -> bytes:
    """What 16 MB of zeros, again and again, deflate to; made without deflating all of them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(2**24)) + packer.flush(zlib.Z_FULL_FLUSH)
    return piece * pieces + packer.flush()


def bomb(size: int) -> bytes:
    """An archive of one small member that becomes `size` bytes."""
    name, packed = b"x.npy", deflated_zeros(max(size // 2**24, 1))
    fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, 0, len(packed), min(size, 2**32 - 2), len(name), 0)
    local = b"PK\3\4" + fields + name + packed
    central = b"PK\1\2" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    return local + central + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local), 0)


def overlapping(count: int) -> bytes:
    """An archive whose list names the same bytes again and again."""
    member = zipped(("x0.npy", HONEST + bytes(2**20)))
    start = member.index(b"PK\1\2")
    entry = member[start : member.index(b"PK\5\6")]
    listed = b"".join(
        entry.replace(b"x0.npy", f"x{i:x}.npy".encode()[:6].ljust(6, b"_")) for i in range(count)
    )
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, len(listed), start, 0)
    return member[:start] + listed + end


def long_list() -> bytes:
    """An archive that announces a list of members of almost 2 GB."""
    whole = zipped(("x.npy", HONEST))
    return whole[:-10] + struct.pack("<II", 2**31 - 5, 0) + b"\0\0"


ARCHIVES = {
    "empty": b"",
    "no_archive": b"hello\n",
    "cut_short": zipped(("x.npy", HONEST))[:80],
    "path_upwards": zipped(("../../x.npy", HONEST)),
    "path_absolute": zipped(("/etc/x.npy", HONEST)),
    "path_of_windows": zipped(("..\\x.npy", HONEST)),
    "name_twice": zipped(("x.npy", HONEST), ("x.npy", HONEST)),
    "name_with_nul": zipped(("xZy.npy", HONEST)).replace(b"xZy", b"x\0y"),
    "wrong_checksum": zipped(("x.npy", HONEST), method=0).replace(b"\0" * 16, b"\1" * 16),
    "other_packing": zipped(("x.npy", HONEST), method=zipfile.ZIP_LZMA),
    "bomb_10_gb": bomb(10 * GIGABYTE),
    "bomb_1_gb": bomb(GIGABYTE),
    "bomb_that_lies": bomb(10 * GIGABYTE).replace(struct.pack("<I", 2**32 - 2), struct.pack("<I", 144)),
    "overlaps": overlapping(200),
    "long_list": long_list(),
    "nothing_inside": zipped(),
    "text_inside": zipped(("x.npy", b"1,2,3")),
    **{f"member_{name}": zipped(("x.npy", content)) for name, content in ARRAYS.items()},
}


def packed_bomb(inner: bytes, size: int) -> bytes:
    """A .gz file of members that become `size` zeros after `inner`."""
    zeros = gzip.compress(bytes(2**24))
    return gzip.compress(inner) + zeros * (size // 2**24)
