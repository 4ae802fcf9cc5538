"""Writing bfloat16 into safetensors files, which the library for NumPy arrays does not know.

Input and output: bytes of files. A file is the length of its header in 8 bytes, the header in JSON, and the
elements; offsets count from the end of the header, so that a header may be exchanged. Source: the format's
description in the safetensors repository.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

_LENGTH = 8
_ALIGNMENT = 8


def mark_bf16(content: bytes, names: Collection[str]) -> bytes:
    """The file in which these tensors, written as unsigned integers of 16 bits, are bfloat16."""
    if not names:
        return content
    header, start = _header(content)
    for name in names:
        header[name]["dtype"] = "BF16"
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return len(text).to_bytes(_LENGTH, "little") + text + content[start:]


def _header(content: bytes) -> tuple[dict[str, Any], int]:
    start = _LENGTH + int.from_bytes(content[:_LENGTH], "little")
    return json.loads(content[_LENGTH:start]), start
