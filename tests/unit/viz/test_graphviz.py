"""Running Graphviz: a clear message without it, plainer layouts when it fails or is slow."""

from __future__ import annotations

import pytest

from treadle.errors import TreadleError
from treadle.viz.graphviz import render


def plain(_layout):
    return "digraph {}"


@pytest.fixture
def fake_dot(tmp_path, monkeypatch):
    """Puts a shell script in the place of Graphviz."""

    def install(script: str) -> None:
        program = tmp_path / "dot"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return install


def test_missing_graphviz_is_a_diagnostic_with_the_install_command(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TreadleError) as caught:
        render(plain, "svg")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E1002"
    assert "apt install graphviz" in diagnostic.hint


def test_a_first_success_needs_no_note(fake_dot):
    fake_dot("cat")
    rendered = render(plain, "svg")
    assert rendered.content == b"digraph {}"
    assert rendered.note == ""


def test_a_failure_falls_back_and_says_so(fake_dot):
    fake_dot('case "$*" in *splines=line*) echo drawn ;; *) echo "lost an edge" >&2; exit 1 ;; esac')
    rendered = render(plain, "svg")
    assert rendered.content == b"drawn\n"
    assert rendered.note.startswith("drawn with straight arrows, because Graphviz with bent arrows failed")
    assert "lost an edge" in rendered.note


def test_a_layout_that_never_ends_falls_back(fake_dot):
    fake_dot('case "$*" in *splines=spline*) while :; do :; done ;; *) echo drawn ;; esac')
    assert render(plain, "svg", seconds=0.2).note.startswith("drawn with bent arrows, because")


def test_the_second_attempt_gives_up_the_place_of_parameters(fake_dot):
    fake_dot("grep -v beside")
    rendered = render(lambda layout: "beside" if layout.beside else "above", "svg")
    assert rendered.note.startswith("drawn with parameters above their readers, because")
    assert rendered.content == b"above\n"


def test_failing_throughout_is_a_diagnostic(fake_dot):
    fake_dot("exit 3")
    with pytest.raises(TreadleError) as caught:
        render(plain, "png")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E1013"
    assert "exit code 3" in diagnostic.message


def test_a_large_picture_begins_with_the_plainest_layout(fake_dot):
    fake_dot('echo "$*"')
    rendered = render(plain, "svg", large=True)
    assert b"splines=line" in rendered.content
    assert rendered.note == "drawn with straight arrows, because the picture is large"
