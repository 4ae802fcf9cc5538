"""`new`, `fmt`, `lint` and `render`: what they print, write and exit with; templates check and train."""

import io
import json

import pytest

from treadle.cli import app
from treadle.cli.commands.new import model_name, named, templates
from treadle.frontend.format import format_source
from treadle.frontend.lint import lint
from treadle.frontend.load import load_text
from treadle.source import Source

UGLY = "model M {\n input x : f32[N,4]   # four\n output y=x|>dense(2)\n}\n"
NEAT = "model M {\n  input x: f32[N, 4]  # four\n  output y = x |> dense(2)\n}\n"
ODD = "const size = 8\n" + NEAT


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Runs a command line in an empty folder: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        with pytest.raises(SystemExit) as caught:
            app.main(list(words))
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err + captured.out
        return caught.value.code or 0, captured.out, captured.err

    return call


@pytest.mark.parametrize("name", templates())
def test_template_is_neat_and_trains(run, name, tmp_path):
    code, out, _ = run("new", "my-net", "--template", name)
    assert code == 0
    assert out.startswith("my-net.tdl: ")
    text = (tmp_path / "my-net.tdl").read_text()
    assert format_source(Source("my-net.tdl", text)) == text
    assert lint(load_text(text)) == []
    assert text.startswith("#")
    words = ("train", "my-net.tdl", "--device", "numpy", "--steps", "3", "--run", "run")
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    assert (tmp_path / "run").is_dir()


def test_new_replaces_nothing(run, tmp_path):
    (tmp_path / "net.tdl").write_text("mine")
    code, _, err = run("new", "net")
    assert code == 1
    assert "E1004" in err
    assert (tmp_path / "net.tdl").read_text() == "mine"


@pytest.mark.parametrize(
    ("stem", "name"), [("my-net", "MyNet"), ("a_b2", "AB2"), ("3d", "Net3d"), ("x", "X")]
)
def test_models_are_named_after_the_file(stem, name):
    assert model_name(stem) == name


def test_a_model_is_not_named_like_another_block():
    assert "model DigitsNet(" in named(templates()["mlp"], "digits")


def test_fmt_writes_back(run, tmp_path):
    (tmp_path / "a.tdl").write_text(UGLY)
    assert run("fmt", "a.tdl") == (0, "a.tdl: formatted\n", "")
    assert (tmp_path / "a.tdl").read_text() == NEAT
    assert run("fmt", "a.tdl") == (0, "", "")


def test_fmt_checks_and_shows_differences(run, tmp_path):
    (tmp_path / "a.tdl").write_text(UGLY)
    code, out, err = run("fmt", "a.tdl", "--check", "--diff")
    assert code == 1
    assert "-  output" not in out
    assert "+  output y = x |> dense(2)" in out
    assert err == "a.tdl: would be formatted\n"
    assert (tmp_path / "a.tdl").read_text() == UGLY


def test_fmt_reads_standard_input(run, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(UGLY))
    assert run("fmt", "-") == (0, NEAT, "")


def test_fmt_leaves_what_is_no_spec(run, tmp_path):
    (tmp_path / "a.tdl").write_text("model {\n")
    code, _, err = run("fmt", "a.tdl")
    assert code == 1
    assert "error[E01" in err
    assert (tmp_path / "a.tdl").read_text() == "model {\n"


def test_lint_warns_and_is_strict_when_asked(run, tmp_path):
    (tmp_path / "a.tdl").write_text(ODD)
    code, _, err = run("lint", "a.tdl")
    assert code == 0
    assert err.startswith("warning[L0104]")
    assert run("lint", "a.tdl", "--strict")[0] == 1
    findings = json.loads(run("lint", "a.tdl", "--json")[1])["findings"]
    assert [finding["code"] for finding in findings] == ["L0104"]


def test_lint_is_quiet_about_good_specs(run, tmp_path):
    (tmp_path / "a.tdl").write_text(NEAT)
    assert run("lint", "a.tdl", "--strict") == (0, "nothing found\n", "")


def test_render_prints_a_spec_that_checks(run, tmp_path):
    (tmp_path / "a.tdl").write_text(NEAT)
    code, out, _ = run("render", "a.tdl")
    assert code == 0
    (tmp_path / "b.tdl").write_text(out)
    assert run("check", "b.tdl")[0] == 0
