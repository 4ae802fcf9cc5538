"""Treadle's side of the peer benchmark: makes a job of a workload from its spec in `workloads/`.

The harness (`peers.py`, outside of this repository) gives batches and initial parameters named and laid out
as in PyTorch; parameters correspond to those of the spec in order of declaration. Run it with

    PYTHONPATH=tests/benchmarks python peers.py --peer torch-eager,jax,treadle=treadle_adapter --json out.json

With `TREADLE_DEVICE=cuda` it runs on a GPU; a step then includes the copy of its batch to the device.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from workloads.case import Case, Job

from treadle import driver
from treadle.backends.numba_cpu import backend as _imported_before_the_clock_starts  # noqa: F401
from treadle.backends.protocol import Session
from treadle.frontend.load import load_spec
from treadle.frontend.result import ModelGraph, TrainPlan
from treadle.train.evaluation import given_inputs

DEVICE = os.environ.get("TREADLE_DEVICE", "cpu")
SPECS = Path(__file__).parent / "workloads"


def build(case: Case) -> Job:
    """Compiles the spec of a workload and loads the case's parameters."""
    plan = next(iter(load_spec(SPECS / f"{case.workload.name}.tdl").trains.values()))
    if case.workload.kind != "train" or len(plan.phases) != 1:
        raise ValueError(f"no adapter for {case.workload.name}")
    step = plan.phases[0].graph
    sizes = input_sizes(plan.eval, case.batches[0])
    session = driver.compile_programs({"step": driver.Program(step, sizes)}, DEVICE, threads())
    write_initial(session, plan, case)
    batches = [{name: np.ascontiguousarray(array) for name, array in batch.items()} for batch in case.batches]
    wanted = frozenset(step.inputs)

    def inputs(i: int) -> dict[str, np.ndarray]:
        return given_inputs(wanted, batches[i % len(batches)], key=(0, i), step=i)

    count = sum(int(value.size) for value in case.params.values())
    if DEVICE == "cuda":  # its steps are not over when they return
        return Job(
            step=lambda i: session.start("step", inputs(i)),
            wait=lambda running: running.outputs(),
            loss=lambda running: float(running.outputs()["loss"]),
            param_count=count,
        )
    return Job(
        step=lambda i: session.run("step", inputs(i)),
        wait=lambda _handle: None,
        loss=lambda handle: float(handle["loss"]),
        param_count=count,
    )


def threads() -> int:
    """As many threads as the harness allows the peers."""
    return int(os.environ.get("NUMBA_NUM_THREADS", "1"))


def input_sizes(model: ModelGraph, batch: dict[str, np.ndarray]) -> dict[str, int]:
    """The sizes of symbolic dimensions, read off a batch."""
    sizes: dict[str, int] = {}
    for name, array in batch.items():
        for dim, size in zip(model.graph.inputs[name].type.shape, array.shape, strict=True):
            if not isinstance(dim, int):
                sizes[str(dim)] = size
    return sizes


def write_initial(session: Session, plan: TrainPlan, case: Case) -> None:
    """The case's parameters; optimizer states start from zero."""
    names = [leaf.name for leaf in plan.leaves.values() if leaf.kind == "param"]
    for ours, (theirs, value) in zip(names, case.params.items(), strict=True):
        session.write(ours, from_torch(theirs, value))
    for leaf in plan.leaves.values():
        if leaf.kind == "state":
            session.write(leaf.name, np.zeros(leaf.type.static_shape(), leaf.type.dtype.numpy_name))


def from_torch(name: str, value: np.ndarray) -> Any:
    """PyTorch keeps dense weights as [out, in], Treadle as [in, out]; tables and filters are alike."""
    kept = "emb" in name or "token" in name
    return np.ascontiguousarray(value.T) if value.ndim == 2 and not kept else value
