"""The recipes of CONTRIBUTING.md, carried out word by word in a copy of the sources."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")

BELL = """
model Net {
  input x: [N, 3]
  param w: [3] = ones
  output y = bell(x * w)
  loss mean(y)
}
data Numbers {
  train = table([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
  x = train.values
}
train Net on Numbers {
  optimizer sgd(0.1)
  batch 2
  epochs 1
}
"""


def recipe(title: str) -> str:
    """The section under a heading."""
    return TEXT.partition(f"## {title}\n")[2].partition("\n## ")[0]


def follow(section: str, copy: Path) -> None:
    """Does what the code blocks say: the first line of each names a file to append to or to create."""
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```$", section, flags=re.DOTALL | re.MULTILINE)
    assert blocks
    for block in blocks:
        head, _, body = textwrap.dedent(block).partition("\n")
        action, path = re.fullmatch(r"# (append to|create) (\S+)", head).groups()
        target = copy / path
        assert target.exists() == (action == "append to")
        before = target.read_text("utf-8") if target.exists() else ""
        target.write_text(before + body, "utf-8")


@pytest.fixture
def copy(tmp_path):
    """A copy of everything that code runs from, with its own tests."""
    skip = shutil.ignore_patterns("__pycache__", "golden", "benchmarks")
    for folder in ("src", "grammar", "specs", "tests", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def python(copy: Path, *arguments: str) -> str:
    """Runs Python on the copy's sources."""
    environment = {**os.environ, "PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_elementwise_op(copy):
    """One file, and the op has tests, derivatives and a name in the language, and runs."""
    follow(recipe("Add an elementwise op"), copy)
    assert "passed" in python(copy, "-m", "pytest", "-k", "bell", "tests/ops")
    (copy / "net.tdl").write_text(BELL)
    assert "bell" in python(copy, "-m", "treadle", "check", "net.tdl", "--emit=graph")
    python(copy, "-m", "treadle", "gradcheck", "net.tdl")


def test_pass(copy):
    """A new file that the shared walk understands."""
    follow(recipe("Add a pass"), copy)
    program = """
        from treadle.ir import Builder, Graph
        from treadle.passes import drop_double_flip
        from treadle.types import DType, TensorType
        graph = Graph()
        g = Builder(graph)
        x = g.input("x", TensorType(DType.F32, (2, 3)))
        graph.outputs["y"] = g.flip(g.flip(x, axes=(0,)), axes=(0,))
        print([node.op for node in drop_double_flip.run(graph)])
    """
    assert python(copy, "-c", textwrap.dedent(program)).strip() == "['input']"


def test_library_layer(copy):
    """The layer is found by its name and documented by its comment."""
    follow(recipe("Add a library layer"), copy)
    (copy / "net.tdl").write_text(
        "model Net {\n  input x: [N, 3]\n  output y = x |> residual_dense() |> residual_dense(tanh)\n}\n"
    )
    python(copy, "-m", "treadle", "check", "net.tdl")
    python(copy, "docs/generate.py")
    assert "### residual_dense\n" in (copy / "docs" / "library.md").read_text("utf-8")
