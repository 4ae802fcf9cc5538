"""Everything that reads a file somebody else may have made, by the name of the format.

A reader takes a path and returns, or raises a TreadleError. A new format gets a line in `READERS`, a good
file in `good_files.py`, from which damaged ones are made, and tricks of its own in `tricks*.py`.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from treadle.cli import app
from treadle.errors import Diagnostic, TreadleError
from treadle.frontend.load import load_spec, load_text
from treadle.interop.model_files import onnx_to_spec
from treadle.train.checkpoint import load_checkpoint
from treadle.train.data import Folders, Request
from treadle.train.data.sources import _MODULES, load_source
from treadle.train.input_files import read_inputs
from treadle.train.json_files import read_json

MODEL = """\
model M {
  input x: [N, 2]
  target t: i64[N]
  logits = x |> dense(3)
  output p = softmax(logits)
  loss cross_entropy(logits, t)
}

data D {
  train = table([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 2]])
  x = train.values[:, :2]
  t = cast(train.values[:, 2], i64)
}

train M on D { optimizer sgd(0.1)   batch 2   epochs 1 }
"""


def _source(loader: str, *more: str, **named: Any) -> Callable[[Path], object]:
    def read(path: Path) -> object:
        names = (path.name, *(other.format(path.stem) for other in more))
        return load_source(Request(loader, names, named, Folders((path.parent,))))

    return read


def _inputs(path: Path) -> object:
    return read_inputs(path, load_text(MODEL).trains["M"].eval)


def _command(*words: str) -> Callable[[Path], object]:
    """What a command does with a path; an internal error of it counts as none of ours."""

    def read(path: Path) -> None:
        printed = io.StringIO()
        with contextlib.redirect_stderr(printed), contextlib.redirect_stdout(io.StringIO()):
            try:
                app.main([word.format(path) for word in words])
            except SystemExit as end:
                _judge_exit(end.code, printed.getvalue())

    return read


def _judge_exit(code: object, printed: str) -> None:
    if code in {0, None}:
        return
    if code != 1 or "error[E" not in printed or "E1101" in printed:
        raise RuntimeError(f"exit code {code}: {printed}")
    first = printed.partition("error[")[2]
    raise TreadleError([Diagnostic(first[:5], first[8:])])


READERS: dict[str, Callable[[Path], object]] = {
    "weights": load_checkpoint,
    "json": read_json,
    "npz": _source("npz"),
    "graph": _source("graph"),
    "molecules": _source("molecules"),
    "spoken": _source("spoken", length=8, bands=4),
    "csv": _source("csv"),
    "series": _source("series", column="a", length=2),
    "onnx": onnx_to_spec,
    "idx": _source("idx", "{}.labels"),
    "chars": _source("chars", length=4),
    "words": _source("words", length=4),
    "sentences": _source("sentences", text="text", label="label", length=6),
    "pairs": _source("pairs", source="text", target="label", length=6),
    "skipgrams": _source("skipgrams", window=2),
    "cooccurrences": _source("cooccurrences", window=2),
    "word_windows": _source("word_windows", window=2, paths=True),
    "inputs": _inputs,
    "input_table": _inputs,
    "spec": load_spec,
    "check": _command("check", "{}"),
    "eval": _command("eval", "{}", "--device", "numpy"),
    "runs": _command("runs", "{}"),
    "listed": _command("weights", "{}"),
    "compared": _command("weights", "{}", "{}"),
    "resume": _command("train", "{}/spec/m.tdl", "--resume", "{}", "--device", "numpy", "--quiet"),
}

MADE_UP = (
    "captions",
    "circles",
    "dates",
    "digit_strings",
    "gaussians",
    "moons",
    "shapes",
    "sklearn",
    "table",
    "xor",
)


def prepare() -> None:
    """Imports what readers import, once, in the process that forks."""
    load_text(MODEL)
    for module in set(_MODULES.values()):
        import_module(f"treadle.train.data.{module}")
    import_module("treadle.interop.onnx.importing.whole")
    for command in ("check", "evaluate", "runs", "train", "weights"):
        import_module(f"treadle.cli.commands.{command}")
