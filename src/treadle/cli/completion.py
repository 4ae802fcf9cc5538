"""What can follow on a command line, for the shells' completion.

Input: the words before the cursor and the one at it. Output: candidates, a line each. Non-goals: checking;
importing commands: a shell waits for the answer.
"""

import re
from collections.abc import Callable, Iterable
from importlib import resources
from itertools import pairwise
from pathlib import Path

from treadle.cli.command_table import CommandEntry, OptionEntry, command_table
from treadle.errors import CODES
from treadle.frontend.gallery import find_spec, gallery

FLAG = "--complete"  # what the shells' scripts call Treadle with
SHELLS = ("bash", "zsh", "fish")

DEVICES = ("cpu", "cuda", "numpy")
CHOICES: dict[str, tuple[str, ...]] = {
    "--device": DEVICES,
    "--emit": ("ast", "graph", "grad", "optimised", "loops", "cpu", "cuda"),
    "--what": ("forward", "backward", "joint", "second", "kernels", "memory"),
    "--to": ("onnx", "python", "numpy"),
    "--split": ("train", "validation", "test"),
    "--sort": ("started", "name", "spec", "state", "epochs", "best"),
    "--directions": ("random", "gradient"),
    "--only": ("regions", "surface", "curvature", "gradients", "weights", "saliency", "activations"),
}
_BLOCK = re.compile(r"^(?:model|train|generate|sweep|adapt)\s+(\w+)(?:[^{\n]*\bas\s+(\w+))?", re.MULTILINE)


def complete(words: list[str]) -> list[str]:
    """Candidates for the last of the words that follow `treadle`."""
    *before, current = words or [""]
    if not before:
        return _starting(current, [*command_table(), "--help", "--version"])
    entry = command_table().get(before[0])
    if entry is None:
        return []
    option, sign, value = current.partition("=")
    if sign and option.startswith("--"):
        return [f"{option}={one}" for one in _values(option, value, before)]
    open_option = _takes_value(entry, before[-1]) if len(before) > 1 else None
    if open_option is not None:
        return _values(open_option["names"][0], current, before)
    if current.startswith("-"):
        return _starting(current, [*(name for one in entry["options"] for name in one["names"]), "--help"])
    return _arguments(entry, current, before)


def _takes_value(entry: CommandEntry, word: str) -> OptionEntry | None:
    found = (one for one in entry["options"] if word in one["names"] and one["value"] is not None)
    return next(found, None)


def _values(option: str, current: str, before: list[str]) -> list[str]:
    if option in CHOICES:
        return _starting(current, CHOICES[option])
    if option in _NAMED:
        return _starting(current, _NAMED[option](before))
    return _files(current)


def _arguments(entry: CommandEntry, current: str, before: list[str]) -> list[str]:
    pairs = pairwise(before)
    given = [word for last, word in pairs if word[0:1] != "-" and not _takes_value(entry, last)]
    places = entry["arguments"]
    if not places or (len(given) >= len(places) and "..." not in places[-1]["value"]):
        return []
    place = places[min(len(given), len(places) - 1)]["value"].strip("[]").removesuffix("...").strip("[]")
    found = dict.fromkeys(one for kind in place.split("|") for one in _KINDS[kind](current))
    return [one for one in found if one.removesuffix("/") not in found or not one.endswith("/")]


def _starting(current: str, candidates: Iterable[str]) -> list[str]:
    return [one for one in dict.fromkeys(candidates) if one.startswith(current)]


def _files(current: str, ending: str = "") -> list[str]:
    """Paths that begin like `current`; folders end in `/`, other files in `ending`."""
    head, slash, _ = current.rpartition("/")
    folder = Path(head + slash) if slash else Path()
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    named = [f"{head}{slash}{one.name}{'/' * one.is_dir()}" for one in found if one.name[0] != "."]
    return _starting(current, (one for one in named if one.endswith((ending, "/"))))


def _specs(current: str) -> list[str]:
    return [*_files(current, ".tdl"), *_starting(current, gallery())]


def _runs(current: str) -> list[str]:
    return _starting(current, (str(path.parent) for path in sorted(Path("runs").glob("*/run.json"))))


def _run_names(current: str) -> list[str]:
    return [*_starting(current, (Path(run).name for run in _runs(""))), *_runs(current)]


def _topics(current: str) -> list[str]:
    from treadle.frontend.program import library_words  # noqa: PLC0415 - other completions need no library

    return _starting(current, [*CODES, *(name for name in library_words() if not name.startswith("_"))])


def _blocks(before: list[str]) -> list[str]:
    """Models, trainings and others of the spec that stands on the command line."""
    for word in before[1:]:
        path = find_spec(word) if word in gallery() or Path(word).is_file() else None
        if path is not None:
            text = path.read_text("utf-8", errors="replace")
            return [name for found in _BLOCK.findall(text) for name in found if name]
    return []


def _templates(_before: list[str]) -> list[str]:
    files = resources.files("treadle").joinpath("templates").iterdir()
    return sorted(file.name.removesuffix(".tdl") for file in files if file.name.endswith(".tdl"))


_NAMED: dict[str, Callable[[list[str]], list[str]]] = {
    "--model": _blocks,
    "--name": _blocks,
    "--template": _templates,
    "--resume": lambda _: _runs(""),
    "--spec": lambda _: list(gallery()),
}
_KINDS: dict[str, Callable[[str], list[str]]] = {
    "SPEC": _specs,
    "RUN": _run_names,
    "FILE": _files,
    "MODEL": lambda current: _files(current, ".onnx"),
    "CODE": _topics,
    "NAME": lambda _: [],
    "SHELL": lambda current: _starting(current, SHELLS),
}
