"""Run folders are always new, tell what made them, and are refused when damaged."""

import json

import pytest

from treadle.errors import TreadleError
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
