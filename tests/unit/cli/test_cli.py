"""Commands end with documented exit codes, speak JSON when asked, suggest names, never show a traceback."""

import json

import pytest

from treadle.cli import app
from treadle.frontend.gallery import find_spec, gallery

GOOD = "model M {\n  input x: f32[N, 4]\n  output y = x |> dense(2)\n}\n"
BAD = "model M {\n  input x: f32[N, 4]\n  output y = x |> dens(2)\n}\n"


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


@pytest.fixture
def good(tmp_path):
    (tmp_path / "good.tdl").write_text(GOOD)
    return "good.tdl"


@pytest.fixture
def bad(tmp_path):
    (tmp_path / "bad.tdl").write_text(BAD)
    return "bad.tdl"


def test_check_says_what_is_in_a_spec(run, good):
    code, out, _ = run("check", good)
    assert code == 0
    assert out == "good.tdl: model M (2 parameters and states): no mistakes found\n"


def test_check_points_at_the_mistake(run, good, bad):
    code, out, err = run("check", good, bad)
    assert code == 1
    assert "bad.tdl:3:" in err
    assert "did you mean `dense`" in err
    assert out.startswith("good.tdl")


def test_check_json(run, good, bad):
    code, out, err = run("check", good, bad, "--json")
    told = json.loads(out)
    assert (code, err) == (1, "")
    assert [file["ok"] for file in told["files"]] == [True, False]
    assert told["diagnostics"][0]["span"]["line"] == 3


@pytest.mark.parametrize("stage", ["ast", "graph", "grad", "optimised", "loops", "cpu"])
def test_every_stage_has_a_text(run, stage):
    code, out, _ = run("check", "xor_mlp", "--emit", stage)
    assert code == 0
    assert len(out.splitlines()) > 20


def test_print_after(run):
    code, out, _ = run("check", "xor_mlp", "--print-after=cse")
    assert code == 0
    assert "# after cse" in out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["check", "digits_mpl"], "did you mean `digits_mlp`"),
        (["check", "xor_mlp", "--emit=grahp"], "did you mean `graph`"),
        (["check", "xor_mlp", "--print-after=cze"], "did you mean"),
        (["train", "xor_mlp", "--device", "numpi"], "did you mean `numpy`"),
        (["explain", "E0230"], "E1008"),
        (["eval", "xor_mlp"], "E0801"),
        (["eval", "."], "E0801"),
        (["predict", "xor_mlp", "--weights", "nothing.safetensors"], "E0801"),
        (["summary", "good.tdl", "--model", "m"], "did you mean `M`"),
        (["train", "good.tdl"], "E1005"),
        (["check", "."], "E1006"),
        (["draw", "good.tdl", "-o", "x.jpeg"], "E1010"),
    ],
)
def test_mistakes_end_in_a_diagnostic(run, good, words, expected):
    code, _, err = run(*words)
    assert code == 1
    assert expected in err


@pytest.mark.parametrize(
    "words", [["chek", "x"], ["check"], ["check", "x", "--jsn"], ["train", "x", "--epochs", "0"]]
)
def test_wrong_command_lines_exit_with_2(run, words):
    code, _, err = run(*words)
    assert code == 2
    assert err


def test_unknown_command_gets_a_suggestion(run):
    _, _, err = run("chek", "x")
    assert "did you mean `check`?" in err


def test_json_errors_go_to_stdout(run):
    code, out, err = run("summary", "nothing.tdl", "--json")
    assert (code, err) == (1, "")
    assert json.loads(out)["diagnostics"][0]["code"] == "E1001"


def test_internal_errors_are_diagnostics(run, monkeypatch):
    def broken(*_words, **_options):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(app, "app", broken)
    code, _, err = run("check", "x")
    assert code == 1
    assert "error[E1101]: internal error: ZeroDivisionError: oh" in err


def test_debug_shows_the_traceback(monkeypatch, capsys):
    def broken(*_words, **_options):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(app, "app", broken)
    with pytest.raises(SystemExit):
        app.main(["check", "x", "--debug"])
    assert "Traceback" in capsys.readouterr().err


def test_interruption_exits_with_130(monkeypatch):
    def interrupted(*_words, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "app", interrupted)
    with pytest.raises(SystemExit) as caught:
        app.main(["check", "x"])
    assert caught.value.code == 130


def test_explain(run):
    code, out, _ = run("explain", "e0203")
    assert code == 0
    assert out.startswith("E0203: ")
    assert "E0101" in run("explain")[1]


def test_doctor(run):
    code, out, _ = run("doctor", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["gallery"]["ok"]


def test_version_and_help(run):
    assert run("--version")[1].startswith("treadle ")
    code, out, _ = run("--help")
    assert code == 0
    assert all(name in out for name in ("check", "train", "gradcheck", "explain"))


def test_summary_counts(run):
    _, out, _ = run("summary", "digits_mlp", "--json")
    told = json.loads(out)
    layers = {row["name"]: row for row in told["layers"]}
    assert layers["dense"] == {
        "name": "dense",
        "output": "f32[N, 64]",
        "parameters": 64 * 64 + 64,
        "multiply_adds": 64 * 64,
    }
    assert told["memory"]["parameters"] == 4 * 4810


def test_summary_of_a_sequence_model_is_symbolic(run):
    _, out, _ = run("summary", "char_lstm")
    assert "327680*T" in out


def test_gradcheck_reports_each_parameter(run):
    code, out, _ = run("gradcheck", "xor_mlp", "--samples", "2", "--json")
    assert code == 0
    (phase,) = json.loads(out)["phases"]
    assert [one["name"] for one in phase["parameters"]] == ["dense.W", "dense.b", "dense_2.W", "dense_2.b"]


def test_gradcheck_fails_loudly(run):
    code, out, err = run("gradcheck", "xor_mlp", "--samples", "2", "--tolerance", "0")
    assert code == 1
    assert "E1012" in err
    assert "differs" in out


def test_specs_are_found_by_path_and_by_name(tmp_path, monkeypatch):
    assert "digits_mlp" in gallery()
    assert find_spec("digits_mlp") == gallery()["digits_mlp"]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits_mlp").write_text(GOOD)
    assert find_spec("digits_mlp").read_text() == GOOD
