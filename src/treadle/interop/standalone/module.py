"""The text of an exported module: head, helpers, functions, programs, and a small main program.

Input: a checked spec, the model or the train block to export. Output: Python text. Non-goals: writing
files, the values of weights.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from treadle import __version__
from treadle.driver import differentiate
from treadle.frontend.result import ModelGraph, PhasePlan, TrainPlan
from treadle.interop.models import inference_graph
from treadle.interop.standalone import loops
from treadle.interop.standalone.frame import LOAD, Trained, docstring, main_program, training_loop
from treadle.interop.standalone.functions import Writer
from treadle.interop.standalone.names import Names, SpecNames, identifier
from treadle.interop.standalone.programs import Program, ProgramWriter
from treadle.interop.standalone.segments import stages_of
from treadle.interop.standalone.sources import all_helpers, helpers_with_callees
from treadle.ir import Graph
from treadle.passes import order
from treadle.source import Source

HELPERS = {"numpy": ("numpy_helpers",), "python": ("numpy_helpers", "loop_helpers")}
_DECORATORS = {
    "jit": "njit(cache=True)",
    "parallel": 'njit(cache=True, parallel=True, fastmath={"contract", "reassoc"})',
}
_FIXED = ("forward", "train", "load", "batches", "jit", "parallel")
_IMPORTS = (
    ("import math", r"\bmath\."),
    ("import sys", r"\bsys\."),
    ("from pathlib import Path", r"\bPath\("),
    ("from typing import Any", r"\bAny\b"),
)


@dataclass(frozen=True)
class Module:
    """An exported module."""

    text: str
    programs: tuple[Program, ...]


def export_module(
    model: ModelGraph, source: Source, plan: TrainPlan | None = None, target: str = "numpy"
) -> Module:
    """The module for a model and, given a plan, its training step.

    Raises:
        TreadleError: E1005 for a model without outputs, unless it is trained.
    """
    forward = order.optimise(inference_graph(model)) if plan is None or _has_outputs(model) else None
    steps = [] if plan is None else [(phase, _step_graph(phase)) for phase in plan.phases]
    graphs = [*([forward] if forward else []), *(graph for _, graph in steps)]
    names = [step_name(phase, plan) for phase in plan.phases] if plan else []
    texts = all_helpers(HELPERS[target])
    writer = _writer(graphs, [*_FIXED, *names], texts, target)
    inference = None
    if forward is not None:
        inference = ProgramWriter(writer, forward, {}).write("forward", "The outputs of the model.")
    programs = []
    for (phase, graph), name in zip(steps, names, strict=True):
        doc = "One training step: losses and metrics, and the weights after it."
        written = ProgramWriter(writer, graph, stages_of(phase.graph, graph)).write(name, doc)
        programs.append((phase, written))
    trained = Trained(plan, programs) if plan else None
    head = docstring(model, source, inference, trained, target, __version__)
    given = [*([inference] if inference else []), *(program for _, program in programs)]
    pieces = [LOAD, *(program.text for program in given), *(training_loop(trained) if trained else [])]
    pieces.append(main_program(inference, trained))
    return Module(_text(writer, texts, head, pieces), tuple(given))


def _step_graph(phase: PhasePlan) -> Graph:
    return order.optimise(differentiate(phase.graph, phase.precision))


def step_name(phase: PhasePlan, plan: TrainPlan) -> str:
    """The name of the function for a phase."""
    return "step" if len(plan.phases) == 1 else f"step_{identifier(phase.name)}"


def _has_outputs(model: ModelGraph) -> bool:
    return any(name.startswith("output:") for name in model.graph.outputs)


def _writer(graphs: list[Graph], names: list[str], texts: Mapping[str, str], target: str) -> Writer:
    """A writer that knows the symbols of all graphs; their names are taken."""
    symbols = {symbol: "" for graph in graphs for symbol in graph.symbols()}
    taken = Names((*texts, *names))
    named = {symbol: taken.new(symbol) for symbol in symbols}
    writer = Writer(SpecNames(), named, taken, tuple(texts))
    if target == "python":
        writer.rules, writer.body = loops.RULES, loops.LoopBody
    return writer


def _numba(text: str) -> tuple[list[str], list[str]]:
    """What a text that is to be compiled imports, and the decorators that it uses."""
    used = [f"{name} = {made}" for name, made in _DECORATORS.items() if f"@{name}\n" in text]
    names = [*(["njit"] if used else []), *(["prange"] if "prange(" in text else [])]
    return [f"from numba import {', '.join(names)}"] if names else [], ["", *used] if used else []


def _text(writer: Writer, texts: Mapping[str, str], head: str, programs: list[str]) -> str:
    """Head, imports, helpers, layers and programs."""
    helpers = helpers_with_callees(texts, writer.helpers)
    pieces = [*helpers.values(), *writer.functions.values(), *programs]
    imports = [line for line, pattern in _IMPORTS if re.search(pattern, "\n".join(pieces))]
    aliases = ["", "Array = np.ndarray"] if helpers else []
    numba, decorators = _numba("\n".join(pieces))
    parts = [head, "", *imports, "", "import numpy as np", *numba, *aliases, *decorators]
    return "\n".join(parts) + "\n\n\n" + "\n\n\n".join(pieces) + "\n"
