"""Good files with random damage are read or refused: never a traceback, never a kill.

`TREADLE_FUZZ=1000 pytest tests/hostile` tries that many of each format instead of a few.
"""

from __future__ import annotations

import os
import shutil

import pytest

from hostile.mutations import damaged
from hostile.readers import READERS
from hostile.test_tricks import MOST_GROWTH
from hostile.verdict import BROKEN

COUNT = int(os.environ.get("TREADLE_FUZZ", "16"))
FOLDERS = ("eval", "resume", "runs")  # a quarter of the cases: they take a second each
TEXTS_AND_WEIGHTS = {".json", ".jsonl", ".csv", ".tdl", ".safetensors"}


@pytest.fixture
def victim(good, tmp_path):
    """A function that puts a damaged copy of a reader's good file into a folder of its own."""

    def make(reader, seed):
        folder = tmp_path / str(seed)
        if reader in FOLDERS:
            shutil.copytree(good[reader], folder)
            files = sorted(one for one in folder.rglob("*") if one.suffix in TEXTS_AND_WEIGHTS)
            target = files[seed % len(files)]
        else:
            folder.mkdir()
            shutil.copy(good["idx"].with_suffix(".labels"), folder)
            target = folder / good[reader].name
            shutil.copy(good[reader], target)
        target.write_bytes(damaged(target.read_bytes(), target.name, seed))
        return (folder if reader in FOLDERS else target), target

    return make


@pytest.mark.parametrize("reader", READERS)
def test_damaged_files_break_nothing(judge, victim, reader):
    for seed in range(COUNT // 4 if reader in FOLDERS else COUNT):
        path, target = victim(reader, seed)
        verdict = judge(reader, path)
        assert verdict.outcome != BROKEN, f"{target}, seed {seed}: {verdict.text}"
        assert verdict.grown < MOST_GROWTH
