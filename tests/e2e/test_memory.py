"""What a session takes is what its plan said, and a step allocates nothing.

Both are measured in a process of its own: resident memory from `/proc`, allocations by `tracemalloc`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SPEC = Path(__file__).parents[1] / "benchmarks" / "workloads" / "lstm_char.tdl"

MEASURE = """
import gc, json, sys, tracemalloc
import numpy as np
from treadle import driver
from treadle.frontend.load import load_spec

def resident():
    lines = open("/proc/self/status").read().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith("VmRSS")))

plan = next(iter(load_spec(sys.argv[1]).trains.values()))
graph = driver.optimise(driver.Program(plan.phases[0].graph, {"N": 32, "T": 64}))
batch = {name: np.zeros((32, 64), np.int64) for name in ("x", "y")}
backend = driver.load_backend("cpu")
backend.compile({"step": graph}, threads=1).run("step", batch)
gc.collect()
before = resident()
session = backend.compile({"step": graph}, threads=1)
for _ in range(3):
    session.run("step", batch)
grown = resident() - before
tracemalloc.start()
session.run("step", batch)
kept, _ = tracemalloc.get_traced_memory()
tracemalloc.reset_peak()
for _ in range(10):
    session.run("step", batch)
later, peak = tracemalloc.get_traced_memory()
print(json.dumps({"plan": session.memory.total, "grown": grown, "kept": later - kept, "peak": peak - kept}))
"""


def test_memory_is_what_the_plan_said_and_steps_allocate_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(SPEC)], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert found["plan"] > 20e6
    assert abs(found["grown"] - found["plan"]) <= 0.1 * found["plan"], found
    assert found["kept"] <= 4096, found
    assert found["peak"] <= 4096, found
