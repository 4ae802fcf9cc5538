"""Checkpoints come back bit for bit; wrong ones are refused with every difference named."""

import numpy as np
import pytest

from treadle.errors import TreadleError
from treadle.train.checkpoint import Checkpoint, load_checkpoint, match_leaves, save_checkpoint
from treadle.train.files import write_atomically
from treadle.types import DType, TensorType

VALUES = {"dense.W": np.arange(6, dtype=np.float32).reshape(2, 3), "adam.t": np.array(3.0, np.float32)}
LEAVES = {"dense.W": TensorType(DType.F32, (2, 3))}


def codes(caught):
    return [problem.code for problem in caught.value.diagnostics]


def test_round_trip(tmp_path):
    save_checkpoint(tmp_path / "a.safetensors", Checkpoint(VALUES, {"seed": 3, "best": 0.5}))
    back = load_checkpoint(tmp_path / "a.safetensors")
    assert back.facts == {"seed": 3, "best": 0.5}
    for name, value in VALUES.items():
        np.testing.assert_array_equal(back.values[name], value)
        assert back.values[name].shape == value.shape


def test_run_folder_means_its_best_checkpoint(tmp_path):
    save_checkpoint(tmp_path / "last.safetensors", Checkpoint(VALUES, {"epoch": 9}))
    assert load_checkpoint(tmp_path).facts["epoch"] == 9
    save_checkpoint(tmp_path / "best.safetensors", Checkpoint(VALUES, {"epoch": 7}))
    assert load_checkpoint(tmp_path).facts["epoch"] == 7


@pytest.mark.parametrize("length", [0, 5, 40, 120])
def test_truncated_file_is_refused(tmp_path, length):
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, Checkpoint(VALUES))
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(TreadleError, match=r"a\.safetensors") as caught:
        load_checkpoint(path)
    assert codes(caught) == ["E0802"]


@pytest.mark.parametrize("place", [-1, -10, 300])
def test_changed_file_is_refused(tmp_path, place):
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, Checkpoint(VALUES, {"seed": 3, "note": "x" * 400}))
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(TreadleError, match="checksum is another") as caught:
        load_checkpoint(path)
    assert codes(caught) == ["E0802"]


@pytest.mark.parametrize("name", ["missing.safetensors", "."])
def test_missing_checkpoint(tmp_path, name):
    with pytest.raises(TreadleError) as caught:
        load_checkpoint(tmp_path / name)
    assert codes(caught) == ["E0801"]


def test_all_differences_are_reported_together():
    leaves = {
        "dense.W": TensorType(DType.F32, (3, 2)),
        "adam.t": TensorType(DType.F64, ()),
        "dense.b": TensorType(DType.F32, (3,)),
    }
    with pytest.raises(TreadleError) as caught:
        match_leaves(VALUES, leaves, "a.safetensors")
    assert codes(caught) == ["E0803", "E0804", "E0806"]


def test_matching_leaves_are_picked():
    assert list(match_leaves(VALUES, LEAVES, "file")) == ["dense.W"]


def test_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path, monkeypatch):
    path = tmp_path / "x"
    write_atomically(path, b"old")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(TreadleError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]
