"""The commands `generate` and `sweep`, from a spec to text, pictures and tables."""

from __future__ import annotations

import json

import pytest

from treadle.cli import app

SPEC = """
model Letters(size = 8) {
  input  inputs: i64[N, T]
  target targets: i64[N, T]
  logits = inputs |> embedding(10, size) |> lstm(8) |> dense(10)
  loss cross_entropy(logits, targets)
}
model Clouds {
  input x: f32[N, 4]
  param w: [4] = 1
  loss mean((w * x)^2)
  picture = sigmoid(reshape(normal[N, 4] * w, [N, 2, 2]))
  output picture
}
data Text {
  train = chars("text.txt", length = 8, test = 0.2)
}
train Letters on Text { optimizer adam(0.02)   batch 4   steps 6 }
generate Letters on Text {
  next logits
  prompt "ab"   length 5   count 2
}
generate Clouds { images picture;  arrays 2 * picture;  count 3 }
sweep Letters { size in [4, 6];  optimizer.lr in [0.01] }
"""


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Runs a command line in a folder with a spec and its text: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "letters.tdl").write_text(SPEC)
    (tmp_path / "text.txt").write_text("abcdefgh " * 40)

    def call(*words):
        with pytest.raises(SystemExit) as caught:
            app.main([*words, "--device", "numpy"])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err + captured.out
        return caught.value.code or 0, captured.out, captured.err

    return call


def test_text_from_a_run(run):
    run("train", "letters.tdl", "--quiet", "--run", "first")
    code, out, _ = run("generate", "first", "--name", "Letters", "--json")
    texts = json.loads(out)["results"]
    assert code == 0
    assert [len(text) for text in texts] == [7, 7]
    assert all(text.startswith("ab") for text in texts)
    assert json.loads(run("generate", "first", "--name", "Letters", "--json")[1]) == {"results": texts}
    _, out, _ = run("generate", "first", "--name", "Letters", "--prompt", "cd", "--n", "1", "--beam", "3")
    assert out.startswith("cd")


def test_pictures_and_arrays(run, tmp_path):
    (tmp_path / "clouds.tdl").write_text(
        SPEC
        + "train Clouds { optimizer sgd(0.1)  batch 2  steps 2 }\n".replace(
            "train Clouds", "train Clouds on D"
        )
        + "data D {\n train = table([[1, 2, 3, 4], [1, 2, 3, 4]])\n x = train.values\n}\n"
    )
    run("train", "clouds.tdl", "--name", "Clouds", "--quiet", "--run", "second")
    code, out, err = run("generate", "second", "--name", "Clouds", "-o", "clouds.npz")
    assert (code, err) == (0, "")
    assert out == "clouds.npz: picture [3, 2, 2], arrays [3, 2, 2]\nclouds-picture.png\n"
    assert run("generate", "second", "--name", "Clouds", "-o", "clouds.npz")[0] == 1


def test_sweep_prints_the_best_and_goes_on(run, tmp_path):
    code, out, _ = run("sweep", "letters.tdl", "--jobs", "0")
    assert code == 0
    assert "best: size = " in out
    code, out, _ = run("sweep", "letters.tdl", "--jobs", "0", "--json")
    told = json.loads(out)
    assert [row["status"] for row in told["trials"]] == ["done", "done"]
    trial = next((tmp_path / "sweeps" / "letters-Letters" / "trials").iterdir())
    assert run("eval", str(trial))[0] == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["generate", "letters.tdl", "--name", "Leters"], "E0801"),
        (["sweep", "letters.tdl", "--name", "Leters"], "did you mean `Letters`"),
    ],
)
def test_mistakes_end_in_a_diagnostic(run, words, expected):
    code, _, err = run(*words)
    assert code == 1
    assert expected in err
