"""`treadle weights` says what a file holds, and how two files differ."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from treadle.cli import app


@pytest.fixture
def files(tmp_path):
    first = {
        "a.W": np.array([[1, 2], [3, 6]], np.float32),
        "a.b": np.zeros(2, np.float32),
        "gone": np.zeros(1),
    }
    second = first | {"a.W": np.array([[1, 2], [3, 4]], np.float32), "new": np.array([np.nan, 1.0])}
    del second["gone"]
    paths = [str(tmp_path / name) for name in ("first.safetensors", "second.safetensors")]
    save_file(first, paths[0])
    save_file(second, paths[1])
    return paths


@pytest.fixture
def printed(capsys):
    def run(*words):
        app.app(["weights", *words], standalone_mode=False)
        return capsys.readouterr().out

    return run


def test_tensors_are_listed_with_statistics(printed, files):
    head, _, _, row, *_ = printed(files[0]).splitlines()
    assert head.startswith(f"{files[0]}: 3 tensors, 7 elements")
    assert row.split() == ["a.W", "F32", "[2,", "2]", "4", "3.0000", "1.8708", "1.0000", "6.0000"]


def test_json_holds_the_same(printed, files):
    found = {one["name"]: one for one in json.loads(printed(files[1], "--json"))["tensors"]}
    assert (found["new"]["dtype"], found["new"]["shape"], found["new"]["wrong"]) == ("F64", [2], 1)
    assert (found["new"]["mean"], found["new"]["std"], found["new"]["high"]) == (1.0, 0.0, 1.0)


def test_files_are_compared(printed, files):
    head, _, _, *rows = printed(*files).splitlines()
    assert head.endswith("1 of 4 tensors are equal")
    assert [row.split()[:2] for row in rows] == [["a.W", "values"], ["gone", "first"], ["new", "second"]]
    assert rows[0].split()[-2:] == ["2.0000", f"{2 / np.sqrt(50):.4f}"]


def test_a_file_equals_itself(printed, files):
    assert printed(files[1], files[1]).strip().endswith("3 of 3 tensors are equal")
    assert len(json.loads(printed(files[1], files[1], "--json"))["tensors"]) == 3
