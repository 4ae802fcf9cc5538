"""Checkpoints keep element types: bfloat16 takes two bytes in the file and comes back as it was."""

from __future__ import annotations

import json

import numpy as np
import pytest

from treadle.errors import TreadleError
from treadle.ops.halves import rounded
from treadle.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from treadle.types import DType

VALUES = {
    "w": rounded(np.linspace(-3, 3, 15).reshape(5, 3), DType.BF16),
    "empty": np.zeros((0, 2), np.float32),
    "h": np.array([1.5, -2.5], np.float16),
    "f": np.array(0.1, np.float32),
    "i": np.arange(4, dtype=np.int64),
}


def test_all_types_come_back(tmp_path):
    path = tmp_path / "c.safetensors"
    save_checkpoint(path, Checkpoint(VALUES, {"epoch": 3}, frozenset({"w", "empty"})))
    found = load_checkpoint(path)
    assert (found.facts, found.bf16) == ({"epoch": 3}, {"w", "empty"})
    assert set(found.values) == set(VALUES)
    for name, value in VALUES.items():
        assert found.values[name].dtype == value.dtype
        np.testing.assert_array_equal(found.values[name], value, err_msg=name)


def test_the_file_says_what_it_holds(tmp_path):
    """As the format is described: aligned header, two bytes for each element."""
    path = tmp_path / "c.safetensors"
    save_checkpoint(path, Checkpoint(VALUES, {}, frozenset({"w"})))
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    first, last = header["w"]["data_offsets"]
    assert (length % 8, header["w"]["dtype"], header["w"]["shape"], last - first) == (0, "BF16", [5, 3], 30)
    assert header["h"]["dtype"] == "F16"


def test_a_cut_file_is_damaged(tmp_path):
    path = tmp_path / "c.safetensors"
    save_checkpoint(path, Checkpoint(VALUES, {}, frozenset({"w"})))
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(TreadleError, match="E0802"):
        load_checkpoint(path)
