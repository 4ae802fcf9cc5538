"""The checksum of a checkpoint: over what it says about the run, and every name, type, shape and element.

Input: values by leaf name, facts. Output: SHA-256 in hexadecimal digits. Non-goals: where it is written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from treadle.ops.halves import to_words
from treadle.types import DType


def fingerprint(
    values: Mapping[str, npt.NDArray[Any]], facts: Mapping[str, Any], bf16: Collection[str]
) -> str:
    """The checksum; `bf16` names the values that are stored as bfloat16."""
    digest = hashlib.sha256(json.dumps(dict(facts), sort_keys=True).encode())
    for name in sorted(values):
        stored = to_words(values[name], DType.BF16) if name in bf16 else values[name]
        digest.update(f"{name} {stored.dtype.name} {list(stored.shape)}\n".encode())
        digest.update(np.ascontiguousarray(stored).data)
    return digest.hexdigest()
