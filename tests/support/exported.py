"""Exported modules in tests: graphs as functions, and modules run where Treadle cannot be imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from treadle.interop.standalone import loop_helpers, numpy_helpers
from treadle.interop.standalone.archive import npz_bytes
from treadle.interop.standalone.functions import Writer
from treadle.interop.standalone.loops import RULES, LoopBody
from treadle.interop.standalone.module import Module
from treadle.interop.standalone.names import Names, SpecNames
from treadle.interop.standalone.programs import ProgramWriter
from treadle.interop.standalone.sources import all_helpers
from treadle.ir import Graph

_HELPERS = {"numpy": (numpy_helpers,), "loops": (numpy_helpers, loop_helpers)}
_RUN = Path(__file__).with_name("run_exported.py")


def function_of(graph: Graph, target: str) -> Callable[..., Any]:
    """The function that is printed for a graph; loops run in Python."""
    modules = _HELPERS[target]
    helpers = all_helpers(module.__name__.rpartition(".")[2] for module in modules)
    taken = Names(("forward", *helpers))
    symbols = {symbol: taken.new(symbol) for symbol in graph.symbols()}
    writer = Writer(SpecNames(), symbols, taken, tuple(helpers))
    if target == "loops":
        writer.rules, writer.body = RULES, LoopBody
    program = ProgramWriter(writer, graph, {}).write("forward", "The outputs.")
    space: dict[str, Any] = {name: value for module in modules for name, value in vars(module).items()}
    exec("\n\n".join([*writer.functions.values(), program.text]), space)  # noqa: S102 - text from a graph
    given = program.inputs
    return lambda **inputs: space["forward"]({}, **{given[name]: inputs[name] for name in given})


def run_apart(folder: Path, module: Module, calls: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What functions of a module return, in a process that has no Treadle.

    `calls` has for each function its arguments, by parameter; arrays of `weights` by name. Results are named
    `function/result`, new weights `function/new/leaf`.
    """
    (folder / "exported.py").write_text(module.text, encoding="utf-8")
    arrays, plan = {}, {}
    for function, arguments in calls.items():
        plan[function] = [name for name in arguments if name != "weights"]
        arrays |= {f"{function}/{name}": arguments[name] for name in plan[function]}
        arrays |= {f"{function}/weights/{name}": value for name, value in arguments["weights"].items()}
    (folder / "calls.npz").write_bytes(npz_bytes(arrays))
    (folder / "calls.json").write_text(json.dumps(plan))
    command = [sys.executable, "-I", str(_RUN), str(folder)]
    quick = {**os.environ, "NUMBA_OPT": "0", "NUMBA_NUM_THREADS": "1"}  # compiled in a hurry, run once
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=quick)
    assert done.returncode == 0, done.stderr
    with np.load(folder / "results.npz", allow_pickle=False) as results:
        return dict(results)
