"""Messages between a compiling process and its parent: a length (8 bytes, little endian) and that many
bytes."""

from __future__ import annotations

from typing import IO

_LENGTH_BYTES = 8


def write_message(stream: IO[bytes], content: bytes) -> None:
    """Send one message."""
    stream.write(len(content).to_bytes(_LENGTH_BYTES, "little") + content)
    stream.flush()


def read_message(stream: IO[bytes]) -> bytes | None:
    """Receive one message; None at end of input."""
    length = stream.read(_LENGTH_BYTES)
    if len(length) < _LENGTH_BYTES:
        return None
    return stream.read(int.from_bytes(length, "little"))
