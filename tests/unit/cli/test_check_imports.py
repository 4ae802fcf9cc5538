"""`treadle check` starts fast because it imports nothing that only training, drawing or tables need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# Every eighth, since checking all of them takes its time and is done by the gallery's tests.
SPECS = sorted([*ROOT.glob("specs/*/*.tdl"), *ROOT.glob("tests/benchmarks/workloads/*.tdl")])[::8]
FORBIDDEN = {
    *{"numba", "llvmlite", "scipy", "sklearn", "matplotlib", "pydot", "safetensors", "pydantic", "rich"},
    *{
        f"treadle.{name}"
        for name in ("train", "driver", "backends", "lower", "loops", "passes", "autodiff", "viz")
    },
}
PROGRAM = """
import json, sys
from treadle.cli.app import app
app(["check", *sys.argv[1:]], standalone_mode=False)
print(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
def test_check_imports_only_the_frontend(options):
    command = [sys.executable, "-c", PROGRAM, *options, *map(str, SPECS)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    modules = set(json.loads(ended.stdout.splitlines()[-1]))
    assert "treadle.frontend.load" in modules
    assert modules & FORBIDDEN == set()
