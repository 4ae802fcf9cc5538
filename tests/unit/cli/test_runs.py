"""`treadle runs` lists, sorts, filters and compares runs; damaged folders are named, and do no harm."""

import json
import xml.etree.ElementTree as ET

import pytest

from support.trainings import line_spec
from treadle.cli import app
from treadle.train.runs import RunFolder


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with three runs, one of which failed, and two folders that are damaged."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "one.tdl").write_text(line_spec("keep best test.accuracy"))
        (folder / "two.tdl").write_text(line_spec().replace("adam(0.05)", "sgd(0.5)"))
        (folder / "bad.tdl").write_text(
            line_spec().replace("cross_entropy(logits, t)", "mean(log(logits * 0))")
        )
        for words in (["one.tdl", "--seed", "5"], ["two.tdl", "--epochs", "2"], ["bad.tdl"]):
            with pytest.raises(SystemExit):
                app.main(["train", *words, "--device", "numpy", "--quiet", "--run", f"runs/{words[0][:3]}"])
        (folder / "runs" / "cut").mkdir()
        (folder / "runs" / "cut" / "run.json").write_text('{"seed":')
        (folder / "runs" / "odd").mkdir()
        (folder / "runs" / "odd" / "run.json").write_text('{"spec": 3, "started": [], "metric": {}}')
        (folder / "runs" / "odd" / "metrics.csv").write_text("epoch\nthree\n")
        (folder / "runs" / "notes").mkdir()
    return folder


@pytest.fixture
def tell(home, monkeypatch, capsys):
    """The output of `treadle runs WORDS`."""
    monkeypatch.chdir(home)
    capsys.readouterr()

    def call(*words, code=0):
        with pytest.raises(SystemExit) as caught:
            app.main(["runs", *words])
        captured = capsys.readouterr()
        assert (caught.value.code or 0) == code, captured.err
        return captured.out + captured.err

    return call


def test_all_runs_are_listed(tell):
    lines = tell().splitlines()
    found = {line.split()[0]: line for line in lines[1:6]}
    assert set(found) == {"one", "two", "bad", "cut", "odd"}
    assert "done" in found["one"]
    assert "test.accuracy" in found["one"]
    assert "test.loss" in found["two"]
    assert "failed" in found["bad"]
    assert all("broken" in found[name] for name in ("cut", "odd"))
    assert any(line.startswith("bad: bad.tdl:") and "E0612" in line for line in lines)


def test_json_has_every_run(tell):
    runs = {run["run"].split("/")[-1]: run for run in json.loads(tell("--json"))["runs"]}
    assert (runs["one"]["state"], runs["one"]["epochs"], runs["one"]["steps"]) == ("done", 4, 16)
    assert runs["one"]["metric"] == "test.accuracy"
    assert runs["cut"]["problem"]


def test_sorting_and_filtering(tell):
    assert [line.split()[0] for line in tell("--sort", "name").splitlines()[1:6]] == [
        "bad",
        "cut",
        "odd",
        "one",
        "two",
    ]
    assert [line.split()[0] for line in tell("--spec", "two").splitlines()[1:]] == ["two"]
    epochs = [run["epochs"] for run in json.loads(tell("--sort", "epochs", "--json"))["runs"]]
    assert epochs == sorted(epochs)


def test_runs_are_compared(tell):
    text = tell("one", "runs/two")
    rows = {line.split("  ")[0]: line for line in text.splitlines()}
    assert "adam(0.05" in rows["optimizer"]
    assert "sgd(0.5" in rows["optimizer"]
    assert rows["seed"].split() == ["seed", "5", "3"]
    assert rows["--epochs"].split() == ["--epochs", "-", "2"]
    assert "batch" not in rows
    assert len(rows["test.loss, best"].split()) == 4


def test_differences_of_a_model_are_shown_by_their_first_line(tell):
    compared = json.loads(tell("one", "bad", "--json"))
    one, bad = compared["settings"]["model Line"]
    assert one.startswith("loss cross_entropy(logits, t")
    assert bad == "loss mean(log(logits * 0))"
    assert set(compared["last"]) == {"train.loss", "train.accuracy", "test.loss", "test.accuracy"}


def test_damaged_runs_can_be_named(tell):
    assert "cut: " in tell("one", "cut", "odd")


def test_a_picture(tell, home):
    tell("one", "two", "--plot", "both.svg")
    texts = "".join(ET.parse(home / "both.svg").getroot().itertext())
    assert "E1004" in tell("one", "two", "--plot", "both.svg", code=1)
    tell("one", "two", "--plot", "both.svg", "--force")
    tell("one", "cut", "--plot", "both.png")
    assert (home / "both.png").read_bytes().startswith(b"\x89PNG")
    assert "E1010" in tell("one", "--plot", "both.gif", code=1)
    assert texts is not None


def test_unknown_runs_are_answered_with_a_near_one(tell):
    assert "did you mean `two`?" in tell("twoo", code=1)


def test_no_runs(tell):
    assert "there are no runs" in tell("--in", "nowhere")


def test_a_killed_run_is_interrupted(tmp_path, tell):
    folder = RunFolder.create_at(tmp_path / "killed")
    folder.write_facts({"spec": "a.tdl", "train": "A", "seed": 0})
    folder.write_status("running")
    (listed,) = json.loads(tell("--in", str(tmp_path), "--json"))["runs"]
    assert listed["state"] == "interrupted"
    with folder.locked():
        (listed,) = json.loads(tell("--in", str(tmp_path), "--json"))["runs"]
        assert listed["state"] == "running"


def test_a_refused_continuation_leaves_the_run_as_it_was(home, tell, capsys):
    before = (home / "runs" / "two" / "status.json").read_bytes()
    with pytest.raises(SystemExit) as caught:
        app.main(["train", "--resume", "runs/two", "--seed", "9"])
    assert (caught.value.code, "E0809" in capsys.readouterr().err) == (1, True)
    assert (home / "runs" / "two" / "status.json").read_bytes() == before
