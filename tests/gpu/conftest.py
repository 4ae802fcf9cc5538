"""The GPU under test; with `TREADLE_GPU_DRY_RUN=1` a simulated one, for small sizes."""

from __future__ import annotations

import os

import pytest

from support.cuda_parts import HAS_COMPILER, gpu_problem
from support.device_runs import SimulatedDevice
from treadle.backends.numba_cuda import backend

DRY_RUN = bool(os.environ.get("TREADLE_GPU_DRY_RUN"))


@pytest.fixture(scope="session")
def dry_run() -> bool:
    """Whether the GPU is simulated."""
    return DRY_RUN


@pytest.fixture(scope="session")
def driver(dry_run: bool):
    """The device, for tests that launch steps themselves."""
    if dry_run and HAS_COMPILER:
        return SimulatedDevice()
    problem = gpu_problem()
    if problem:
        pytest.skip(problem)
    return backend.open_driver()
