"""From a spec file to a used network as a person does it: train, evaluate, predict, interrupt, continue."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

COMMAND = [sys.executable, "-c", "from treadle.cli.app import main; main()"]
ENVIRONMENT = {**os.environ, "TREADLE_DATA": ""}


def treadle(folder, *words, code=0):
    """Runs one command in a process of its own."""
    done = subprocess.run(
        [*COMMAND, *words], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """A folder with one run of the digits network."""
    folder = tmp_path_factory.mktemp("digits")
    told = json.loads(treadle(folder, "train", "digits_mlp", "--json"))
    return folder, told


def test_digits_are_learnt(digits):
    _, told = digits
    assert told["reason"] == "done"
    assert told["best"]["test.accuracy"] >= 0.97


def test_evaluation_gives_what_training_said(digits):
    folder, told = digits
    found = json.loads(treadle(folder, "eval", told["run"], "--json"))["splits"]
    assert found["test"]["accuracy"] == pytest.approx(told["best"]["test.accuracy"], abs=1e-6)
    again = json.loads(
        treadle(folder, "eval", "digits_mlp", "--split", "test", "--device", "numpy", "--json")
    )
    assert again["splits"]["test"]["loss"] == pytest.approx(found["test"]["loss"], rel=1e-4)


def test_prediction_from_data_and_from_a_file(digits):
    folder, told = digits
    from_data = json.loads(treadle(folder, "predict", told["run"], "--rows", "0:300", "--json"))[
        "probability"
    ]
    assert np.shape(from_data) == (300, 10)
    assert np.allclose(np.sum(from_data, axis=1), 1, atol=1e-5)
    np.savez(folder / "in.npz", image=np.zeros((3, 64)))
    treadle(folder, "predict", told["run"], "-i", "in.npz", "-o", "out.npz")
    assert np.load(folder / "out.npz")["probability"].shape == (3, 10)
    treadle(folder, "predict", told["run"], "-i", "in.npz", "-o", "out.npz", code=1)
    np.savez(folder / "narrow.npz", image=np.zeros((3, 63)))
    treadle(folder, "predict", told["run"], "-i", "narrow.npz", code=1)


def test_a_run_can_be_repeated_from_its_folder(digits):
    folder, told = digits
    run = folder / told["run"]
    again = json.loads(treadle(folder, "train", str(run / "spec" / "digits_mlp.tdl"), "--json"))
    assert again["values"] == told["values"]
    assert again["run"] != told["run"]


def test_damaged_weights_are_refused(digits, tmp_path):
    folder, told = digits
    whole = (folder / told["run"] / "best.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    treadle(folder, "eval", "digits_mlp", "--weights", str(tmp_path / "cut.safetensors"), code=1)
    treadle(folder, "eval", "xor_mlp", "--weights", told["run"], code=1)


def test_backends_agree(tmp_path):
    losses = [
        json.loads(treadle(tmp_path, "train", "xor_mlp", "--epochs", "20", "--device", name, "--json"))[
            "values"
        ]
        for name in ("cpu", "numpy")
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_small_gallery_specs_learn(tmp_path):
    line = json.loads(treadle(tmp_path, "train", "smallest_perceptron", "--json"))
    assert line["values"]["train.loss"] < 0.01
    xor = json.loads(treadle(tmp_path, "train", "xor_mlp", "--json"))
    assert xor["values"]["train.accuracy"] == 1.0


def test_interrupted_training_saves_and_can_be_continued(tmp_path):
    words = ["train", "digits_mlp", "--epochs", "100000", "--run", "mine"]
    with subprocess.Popen(
        [*COMMAND, *words], cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out = process.stdout.read().decode()
        assert process.wait() == 130
    assert "interrupted after" in out
    assert json.loads((tmp_path / "mine" / "status.json").read_text())["state"] == "interrupted"
    treadle(tmp_path, "train", "digits_mlp", "--run", "mine", code=1)
    epochs = len((tmp_path / "mine" / "metrics.csv").read_text().splitlines()) - 1
    words = ["train", "digits_mlp", "--resume", "mine", "--epochs", str(epochs + 2), "--json"]
    assert json.loads(treadle(tmp_path, *words))["epoch"] == epochs + 2
