"""The same spec gives the same plan in every process: nothing follows the order of a hash table."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def _stage(stage: str, seed: int) -> str:
    command = [sys.executable, "-m", "treadle", "check", "char_lstm", f"--emit={stage}"]
    environment = os.environ | {"PYTHONHASHSEED": str(seed)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("stage", ["optimised", "loops"])
def test_stages_are_the_same_in_every_process(stage: str) -> None:
    first, *others = (_stage(stage, seed) for seed in range(4))
    assert len(first) > 1000
    assert others == [first] * 3
