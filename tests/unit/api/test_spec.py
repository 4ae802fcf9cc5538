"""Specs from Python: loading, describing, mistakes that point into the text."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import treadle


def test_gallery_specs_have_names() -> None:
    spec = treadle.load("digits_mlp")
    assert spec.name == "digits_mlp"
    assert spec.trains == ("DigitsMLP",)
    assert list(spec.models) == ["DigitsMLP"]
    assert "model DigitsMLP" in spec.text
    assert spec.summary().parameters == 4810
    assert repr(spec) == "<Spec digits_mlp: models DigitsMLP, train blocks DigitsMLP>"


def test_mistakes_point_into_the_text() -> None:
    with pytest.raises(treadle.TreadleError) as caught:
        treadle.load("model A {\n  input x: f32[N, 3]\n  output y = x |> dens(4)\n}\n")
    assert "spec.tdl:3:19" in str(caught.value)
    assert "did you mean `dense`" in str(caught.value)


def test_names_are_needed_where_there_are_several() -> None:
    text = "model A { input x: f32[N]\n output y = x }\nmodel B { input x: f32[N]\n output y = x * 2 }\n"
    with pytest.raises(treadle.TreadleError, match=r"(?s)several: A, B.*`name=NAME`"):
        treadle.compile(text)
    assert treadle.compile(text, "B", device="numpy")([1.0, 2.0]).tolist() == [2, 4]


def test_the_package_starts_without_its_parts() -> None:
    """The command line imports `treadle` itself at every start."""
    script = "import sys, treadle; sys.exit('numpy' in sys.modules or 'treadle.api' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
    assert "compile" in treadle.__all__
    with pytest.raises(AttributeError, match="no attribute 'complie'"):
        treadle.complie  # noqa: B018


def test_the_names_of_the_package_are_typed() -> None:
    """Type checkers read the stub, Python the module: both offer the same."""
    package = Path(treadle.__file__)
    stub = package.with_suffix(".pyi").read_text(encoding="utf-8")
    offered = set(re.findall(r"import \w+ as (\w+)", stub))
    assert offered == set(treadle.__all__) <= set(dir(treadle))
    assert all(getattr(treadle, name) is not None for name in offered)
