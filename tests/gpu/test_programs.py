"""Whole programs on a GPU: small models against the reference backend, gallery specs against the CPU."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gallery.standins import write_all
from support.cuda_parts import gpu_problem
from support.device_problems import PROBLEMS, inputs_of
from support.spec_runs import model
from treadle.backends.numba_cuda.backend import NumbaCudaBackend
from treadle.backends.numpy_ref import evaluate
from treadle.driver import Program, differentiate, optimise
from treadle.frontend.gallery import gallery
from treadle.frontend.load import load_spec
from treadle.frontend.result import Checked, TrainPlan
from treadle.ir import RNG_INPUT
from treadle.train.data.folders import Folders
from treadle.train.ema import with_settings
from treadle.train.events import Stepped
from treadle.train.feeds import load_feeds
from treadle.train.loop import Trainer
from treadle.train.programs import compile_training
from treadle.train.runs import RunFolder

STEPS = 30
TOLERANCE = 2e-2
"""Between the losses of a GPU and of the CPU after some steps: sums are taken in another order."""


@pytest.mark.parametrize("name", PROBLEMS)
def test_models_give_what_the_reference_gives(name: str, driver, dry_run: bool) -> None:
    problem = PROBLEMS[name]
    inputs = inputs_of(problem, large=not dry_run)
    graph = differentiate(model(problem.text_for(inputs)).graph)
    keyed = {**inputs, RNG_INPUT: np.array([3, 4])}
    wanted = evaluate(graph, keyed)
    program = optimise(Program(graph))
    session = NumbaCudaBackend(driver).compile({"y": program})
    for _ in range(3):  # plain, captured, replayed
        found = session.run("y", {name: keyed[name] for name in program.inputs})
        for output, value in wanted.items():
            np.testing.assert_allclose(found[output], value, rtol=1e-4, atol=1e-4)
    session.close()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_all(folder)
    return folder


@pytest.mark.parametrize("name", sorted(gallery()))
def test_trainings_follow_those_of_the_cpu(name: str, data: Path, tmp_path: Path) -> None:
    if problem := gpu_problem():
        pytest.skip(problem)
    checked = load_spec(gallery()[name])
    for plan in checked.trains.values():
        cpu, gpu = (
            losses(checked, plan, data, tmp_path / f"{plan.name}-{device}", device)
            for device in ("cpu", "cuda")
        )
        assert np.isfinite(gpu).all()
        np.testing.assert_allclose(gpu[:5], cpu[:5], rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(gpu, cpu, rtol=TOLERANCE, atol=TOLERANCE)


def losses(checked: Checked, plan: TrainPlan, data: Path, run: Path, device: str) -> np.ndarray:
    """The losses of the first steps on stand-in data."""
    plan = with_settings(replace(plan, steps=STEPS, epochs=None))
    feeds = load_feeds(checked, plan, Folders((data,)))
    trainer = Trainer(plan, feeds, compile_training(plan, feeds, device))
    stepped = [event for event in trainer.run(RunFolder.create_at(run)) if isinstance(event, Stepped)]
    return np.array([[v for name, v in event.values.items() if name.endswith("loss")] for event in stepped])
