"""Every gallery spec is drawn, gradient-checked and trained for a few steps on small made-up data.

The full trainings on real data are recorded in `docs/performance.md`.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from treadle.cli.specs import find_spec
from treadle.driver import differentiate
from treadle.frontend.load import load_spec
from treadle.train.gradients import check_gradients
from treadle.viz import picture_text

SPECS = Path(__file__).parents[2] / "specs"
NAMES = sorted(path.stem for path in SPECS.glob("*.tdl"))
STEPS = {
    "smallest_perceptron": 40,
    "xor_mlp": 100,
    "digits_mlp": 40,
    "lenet": 30,
    "char_lstm": 12,
    "wgan_gp": 3,
}
LOSS_OF_GUESSING = {
    "xor_mlp": math.log(2),
    "digits_mlp": math.log(10),
    "lenet": math.log(10),
    "char_lstm": math.log(65),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stand-ins for the data files: digits that are bright squares at ten places, and a rhyme."""
    folder = tmp_path_factory.mktemp("data")
    labels = np.arange(640) % 10
    images = np.zeros((640, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        row, column = 4 + 14 * (label // 5), 5 * (label % 5)
        image[row : row + 6, column : column + 5] = 255
    arrays = {"images": images, "labels": labels.astype(np.uint8)}
    np.savez(
        folder / "mnist.npz",
        **{f"train_{name}": array for name, array in arrays.items()},
        **{f"test_{name}": array[:128] for name, array in arrays.items()},
    )
    (folder / "tinyshakespeare.txt").write_text("the shuttle flies from hand to hand\n" * 800)
    return folder


def test_the_table_of_steps_is_complete() -> None:
    assert sorted(STEPS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_pictures_name_what_the_spec_declares(name: str) -> None:
    checked = load_spec(find_spec(name))
    for model in checked.models.values():
        picture = picture_text(model.graph)
        assert all(wanted in picture for wanted in model.inputs)
    for plan in checked.trains.values():
        for phase in plan.phases:
            backward = picture_text(differentiate(phase.graph), "backward")
            assert "dashed" in backward


@pytest.mark.parametrize("name", NAMES)
def test_gradients_agree_with_central_differences(name: str) -> None:
    for plan in load_spec(find_spec(name)).trains.values():
        reports = check_gradients(plan, seed=0, batch=2, samples=3)
        assert [report.phase for report in reports] == [phase.name for phase in plan.phases]
        assert all(one.agrees(1e-4) for report in reports for one in report.parameters), reports


@pytest.mark.parametrize("name", NAMES)
def test_a_few_steps_of_training(name: str, data: Path, tmp_path: Path) -> None:
    words = ["train", name, "--data", str(data), "--steps", str(STEPS[name]), "--json"]
    command = [sys.executable, "-m", "treadle", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    values = json.loads(done.stdout)["values"]
    losses = [value for key, value in values.items() if key.endswith("loss")]
    assert losses
    assert all(math.isfinite(loss) for loss in losses)
    if name in LOSS_OF_GUESSING:
        assert values["train.loss"] < LOSS_OF_GUESSING[name]
