"""The list of data sources: the functions that a data block can call, each in a module of its own."""

from __future__ import annotations

import ast
from collections.abc import Callable
from importlib import import_module, resources
from typing import cast

from treadle.errors import did_you_mean, fail
from treadle.train.data.request import Request
from treadle.train.data.table import Splits

Loader = Callable[[Request], Splits]

_MODULES = {  # imported on demand: scikit-learn alone takes half a second
    "sklearn": "sklearn_sets",
    "idx": "idx",
    "npz": "npz",
    "csv": "csv_table",
    "chars": "text",
    "words": "text",
    "series": "series",
    "sentences": "sentences",
    "pairs": "sentences",
    "skipgrams": "word_windows",
    "word_windows": "word_windows",
    "cooccurrences": "word_windows",
    "dates": "dates",
    "digit_strings": "digit_strings",
    "captions": "captions",
    "spoken": "spoken",
    "gaussians": "synthetic",
    "circles": "synthetic",
    "moons": "synthetic",
    "xor": "synthetic",
    "shapes": "shapes",
    "graph": "graphs",
    "molecules": "graphs",
    "table": "inline",
}


def source_names() -> list[str]:
    """Names of all data sources."""
    return list(_MODULES)


def source_help(name: str) -> str:
    """What a source reads and takes: the words above its loader, read without importing it."""
    file = resources.files("treadle.train.data").joinpath(f"{_MODULES[name]}.py")
    functions = (
        node for node in ast.parse(file.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)
    )
    loader = next((node for node in functions if node.name == f"load_{name}"), None)
    words = "" if loader is None else ast.get_docstring(loader) or ""
    return words.partition("\n\nRaises")[0]


def load_source(request: Request) -> Splits:
    """Runs a request: the splits that the source has, at least `train`.

    Raises:
        TreadleError: E0705 for an unknown source, E03xx for wrong arguments, E07xx for wrong files.
    """
    if request.loader not in _MODULES:
        hint = did_you_mean(request.loader, _MODULES) or f"sources are: {', '.join(_MODULES)}"
        fail("E0705", f"unknown data source `{request.loader}`", request.span, hint=hint)
    module = import_module(f"treadle.train.data.{_MODULES[request.loader]}")
    return cast(Loader, getattr(module, f"load_{request.loader}"))(request)
