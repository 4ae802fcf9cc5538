"""Damaging good files at random, in ways that get past the first check: contents of archives are damaged and
packed again with right checksums, headers of safetensors keep their length right.

Input: the bytes of a good file, a seed. Output: the bytes of a damaged one; the same for the same seed.
"""

from __future__ import annotations

import gzip
import io
import re
import struct
import zipfile
from random import Random

from hostile.tricks_archives import zipped

_NUMBERS = (0, 1, 7, 8, 127, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63, 2**64 - 1)
_WORDS = (
    *(
        b"-1",
        b"0",
        b"1e999",
        b"nan",
        b"-inf",
        b"1e-400",
        b"9" * 400,
        b"3.5",
        b"true",
        b"null",
        b'""',
        b"[]",
        b"{}",
    ),
    *(
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\n",
        b"\r",
        b"\t",
        b",",
        b'"',
        b"'",
        b"(",
        b"[" * 50,
        b"{",
        b"\\u0000",
    ),
    *("é".encode(), "\U0001f600".encode(), b"../..", b"/etc/passwd", b"a.b", b"F64", b"BF16", b"<f8", b"|O"),
)


def damaged(content: bytes, name: str, seed: int) -> bytes:
    """A file of this name with one to four mistakes."""
    draw = Random(f"{name} {seed}")  # noqa: S311 - no secret
    if draw.random() < 0.3:
        return _several(content, draw)
    if name.endswith(".gz"):
        return gzip.compress(_several(gzip.decompress(content), draw))
    if name.endswith(".npz"):
        return _archive(content, draw)
    if name.endswith(".safetensors"):
        length = int.from_bytes(content[:8], "little")
        header = _several(content[8 : 8 + length], draw)
        return struct.pack("<Q", len(header)) + header + content[8 + length :]
    return _several(content, draw)


def _several(content: bytes, draw: Random) -> bytes:
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        content = draw.choice(_WAYS)(content, draw)
    return content


def _archive(content: bytes, draw: Random) -> bytes:
    """One member damaged, or two exchanged, or one left out."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(one, archive.read(one)) for one in archive.namelist()]
    place = draw.randrange(len(members))
    name, inner = members[place]
    way = draw.random()
    if way < 0.6:
        members[place] = (name, _several(inner, draw))
    elif way < 0.8:
        members[place] = (name, draw.choice(members)[1])
    else:
        del members[place]
    return zipped(*members)


def _cut(content: bytes, draw: Random) -> bytes:
    return content[: draw.randint(0, len(content))]


def _flip(content: bytes, draw: Random) -> bytes:
    if not content:
        return b"\1"
    place = draw.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << draw.randrange(8)]) + content[place + 1 :]


def _repeat(content: bytes, draw: Random) -> bytes:
    start, stop = sorted(draw.randint(0, len(content)) for _ in range(2))
    return content[:stop] + content[start:stop] * draw.choice((1, 1, 2, 50)) + content[stop:]


def _leave_out(content: bytes, draw: Random) -> bytes:
    start, stop = sorted(draw.randint(0, len(content)) for _ in range(2))
    return content[:start] + content[min(stop, start + 20) :]


def _insert(content: bytes, draw: Random) -> bytes:
    place = draw.randint(0, len(content))
    return content[:place] + draw.choice(_WORDS) + content[place:]


def _number(content: bytes, draw: Random) -> bytes:
    """A binary number overwritten."""
    width = draw.choice((1, 2, 4, 8))
    place = draw.randint(0, len(content))
    number = (draw.choice(_NUMBERS) % 2 ** (8 * width)).to_bytes(width, draw.choice(("little", "big")))
    return content[:place] + number + content[place + width :]


def _digits(content: bytes, draw: Random) -> bytes:
    """A number in a text exchanged for a word or another number."""
    found = list(re.finditer(rb"\d+", content))
    if not found:
        return _insert(content, draw)
    start, stop = draw.choice(found).span()
    return content[:start] + draw.choice((*_WORDS, *(b"%d" % n for n in _NUMBERS))) + content[stop:]


_WAYS = (_cut, _flip, _flip, _repeat, _leave_out, _insert, _number, _digits, _digits)
