"""Every gallery spec is drawn, summarised, gradient-checked and trained for a few steps on stand-in data.

The full trainings on real data are recorded in `docs/performance.md`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from gallery.cases import SPECS, all_cases
from gallery.standins import write_all
from treadle.driver import differentiate
from treadle.frontend.gallery import gallery
from treadle.frontend.lint import lint
from treadle.frontend.load import load_spec
from treadle.frontend.result import Checked, TrainPlan
from treadle.train.data.folders import Folders
from treadle.train.ema import with_settings
from treadle.train.events import Stepped
from treadle.train.feeds import load_feeds
from treadle.train.gradients import direction_errors
from treadle.train.loop import Trainer
from treadle.train.programs import compile_training
from treadle.train.runs import RunFolder
from treadle.train.summary import summarise
from treadle.viz import Wish, picture_text

CASES = all_cases()
NAMES = sorted(path.stem for path in SPECS.glob("*/*.tdl"))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_all(folder)
    return folder


@cache
def checked(name: str) -> Checked:
    """The spec; checked once for all tests."""
    return load_spec(gallery()[name])


def test_every_spec_has_a_case() -> None:
    assert sorted(CASES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_pictures_name_what_the_spec_declares(name: str) -> None:
    for model in checked(name).models.values():
        picture = picture_text(model.graph)
        assert all(wanted in picture for wanted in model.inputs)
    for plan in checked(name).trains.values():
        for phase in plan.phases:
            backward = picture_text(differentiate(phase.graph), Wish("joint"))
            assert "dashed" in backward


@pytest.mark.parametrize("name", NAMES)
def test_lint_finds_nothing(name: str) -> None:
    assert lint(checked(name)) == []


@pytest.mark.parametrize("name", NAMES)
def test_summaries_count_every_parameter(name: str) -> None:
    for model in checked(name).models.values():
        summary = summarise(model)
        assert summary.parameters == sum(
            math.prod(leaf.type.static_shape()) for leaf in model.leaves.values() if leaf.kind == "param"
        )


@pytest.mark.parametrize("name", NAMES)
def test_gradients_agree_with_central_differences(name: str) -> None:
    case = CASES[name]
    if case.no_gradient:
        pytest.skip(case.no_gradient)
    for plan in checked(name).trains.values():
        errors = direction_errors(plan, seed=0, batch=2)
        assert list(errors) == [phase.name for phase in plan.phases]
        assert max(errors.values()) < case.tolerance


@pytest.mark.parametrize("name", NAMES)
def test_a_short_training_learns(name: str, data: Path, tmp_path: Path) -> None:
    case = CASES[name]
    for plan in checked(name).trains.values():
        losses = short_training(checked(name), plan, case.steps, data, tmp_path / plan.name)
        assert losses
        assert all(math.isfinite(loss) for loss in losses)
        quarter = max(len(losses) // 4, 1)
        last = sum(losses[-quarter:]) / quarter
        if not case.not_falling:
            assert last < sum(losses[:quarter]) / quarter
        assert case.below is None or last < case.below


def short_training(checked: Checked, plan: TrainPlan, steps: int, data: Path, run: Path) -> list[float]:
    """The sum of the losses of all phases, step by step."""
    plan = with_settings(replace(plan, steps=steps, epochs=None))
    feeds = load_feeds(checked, plan, Folders((data,)))
    trainer = Trainer(plan, feeds, compile_training(plan, feeds))
    stepped = [event for event in trainer.run(RunFolder.create_at(run)) if isinstance(event, Stepped)]
    return [sum(v for name, v in event.values.items() if name.endswith("loss")) for event in stepped]
