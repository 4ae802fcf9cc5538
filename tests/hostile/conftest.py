"""The judge as a fixture, one for the whole session, and the good files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hostile.good_files import write_good
from hostile.verdict import Verdict

if sys.platform != "linux":
    collect_ignore_glob = ["test_*.py"]  # limits and /proc are Linux's


@pytest.fixture(scope="session")
def judge():
    """A function from a reader's name and a path to the verdict."""
    places = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, places)),
        "OPENBLAS_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "hostile.judge"]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True, env=environment) as process:

        def ask(reader: str, path: Path) -> Verdict:
            process.stdin.write(json.dumps({"reader": reader, "path": str(path)}) + "\n")
            process.stdin.flush()
            return Verdict(**json.loads(process.stdout.readline()))

        yield ask
        process.stdin.close()


@pytest.fixture(scope="session")
def good(tmp_path_factory):
    """Good files by the name of their reader."""
    return write_good(tmp_path_factory.mktemp("good"))
