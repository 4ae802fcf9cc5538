"""Writing files so that an interruption never leaves half of one: temporary file, fsync, rename."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from treadle.errors import fail


def write_npz(path: Path, arrays: Mapping[str, Any]) -> None:
    """Writes arrays by name as a NumPy archive; see `write_atomically`."""
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    write_atomically(path, stream.getvalue())


def write_atomically(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Puts `content` at `path`; until it is complete, what was there before stays.

    What is not `durable` survives the end of the process, but perhaps not that of the machine: a write that
    waits for the disk takes milliseconds.

    Raises:
        TreadleError: E0808 when the folder cannot be written or the disk is full.
    """
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as stream:
            temporary = Path(stream.name)
            stream.write(content)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
        if durable:
            _sync_folder(path.parent)
    except BaseException as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            fail("E0808", f"{path} cannot be written: {error.strerror}")
        raise


def _sync_folder(folder: Path) -> None:
    """Brings the new name to the disk as well."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
