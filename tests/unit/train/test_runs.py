"""Run folders are always new, tell what made them, and are refused when damaged."""

import datetime
import json
import math
import shutil

import pytest

from treadle.errors import TreadleError, fail
from treadle.frontend.program import load_program
from treadle.train.runs import RunFolder, spec_files


def code_of(action):
    with pytest.raises(TreadleError) as caught:
        action()
    return caught.value.diagnostics[0].code


def test_folders_are_numbered(tmp_path):
    one, two = (RunFolder.create(tmp_path / "runs", "net").path for _ in range(2))
    assert (one.name[-2:], two.name[-2:]) == ("-1", "-2")


def test_nothing_is_overwritten(tmp_path):
    RunFolder.create_at(tmp_path / "first")
    assert code_of(lambda: RunFolder.create_at(tmp_path / "first")) == "E0807"


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    assert code_of(lambda: RunFolder.create(tmp_path / "file", "net")) == "E0808"


def test_facts_and_metrics_come_back(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_facts({"seed": 3})
    folder.write_metrics([{"epoch": 1.0, "train.loss": 0.5}, {"epoch": 2.0, "test.loss": 0.25}])
    assert folder.read_facts()["seed"] == 3
    assert set(folder.read_facts()["versions"]) >= {"treadle", "python", "numpy"}
    assert folder.read_metrics() == [{"epoch": 1.0, "train.loss": 0.5}, {"epoch": 2.0, "test.loss": 0.25}]


@pytest.mark.parametrize(("content", "code"), [(None, "E0801"), ("{", "E0802"), (json.dumps([1]), "E0802")])
def test_damaged_facts(tmp_path, content, code):
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    assert code_of(RunFolder(tmp_path).read_facts) == code


def test_used_files_are_copied_too(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "layers.tdl").write_text("fn double(x) = x * 2\n")
    (tmp_path / "net.tdl").write_text('use "parts/layers.tdl"\n')
    assert set(spec_files(load_program(tmp_path / "net.tdl"))) == {"net.tdl", "parts/layers.tdl"}


def test_a_folder_in_use_is_refused(tmp_path):
    folder = RunFolder(tmp_path)
    with folder.locked(), folder.recorded():
        assert folder.is_locked()
        assert code_of(lambda: RunFolder(tmp_path).locked().__enter__()) == "E0810"
    assert not folder.is_locked()


def test_failures_are_written_down(tmp_path):
    folder = RunFolder(tmp_path)
    states = []

    def diverge():
        with folder.recorded():
            states.append(folder.read_status()["state"])
            fail("E0612", "the loss became nan")

    assert code_of(diverge) == "E0612"
    assert states == ["running"]
    assert folder.read_status()["state"] == "failed"
    assert "became nan" in folder.read_status()["error"]


def test_facts_tell_versions_and_machine(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_facts({"seed": 3, "device": "cpu"})
    facts = folder.read_facts()
    assert facts["hardware"]["cores"] >= 1
    assert facts["hardware"]["memory_bytes"] > 2**20
    assert datetime.datetime.fromisoformat(facts["started"]).tzinfo is not None


def test_not_a_number_is_null_in_json_lines(tmp_path):
    RunFolder(tmp_path).write_metrics(
        [{"epoch": 1.0, "train.loss": math.nan}, {"epoch": 2.0, "train.loss": 0.5}]
    )
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert lines == [{"epoch": 1, "train.loss": None}, {"epoch": 2, "train.loss": 0.5}]
    first, second = RunFolder(tmp_path).read_metrics()
    assert math.isnan(first["train.loss"])
    assert second == {"epoch": 2.0, "train.loss": 0.5}


@pytest.mark.parametrize("content", ["epoch\nfive\n", "epoch\n1,2,3\n"])
def test_damaged_metrics_are_refused(tmp_path, content):
    (tmp_path / "metrics.csv").write_text(content)
    assert code_of(RunFolder(tmp_path).read_metrics) == "E0802"


def test_a_folder_that_was_removed_meanwhile_is_noticed(tmp_path):
    """Another folder of the same name is not the one that was locked."""
    folder = RunFolder.create_at(tmp_path / "run")
    folder.refuse_if_lost()  # nothing was locked yet
    with folder.locked():
        folder.refuse_if_lost()
        shutil.rmtree(folder.path)
        assert code_of(folder.refuse_if_lost) == "E0808"
        folder.path.mkdir()
        (folder.path / ".lock").touch()
        (folder.path / ".lock2").touch()
        assert code_of(folder.refuse_if_lost) == "E0808"
    folder.refuse_if_lost()
