"""Why a training diverged: the node, the line and the batch that made the first NaN or infinity.

Input: a run of a phase that went wrong. Output: a diagnostic, and a folder `failure` in the run folder with
the batch, the weights before it and what was found. The step is evaluated node by node with NumPy. Non-goals:
finding the run (`replay`), the search itself (`numpy_ref.nonfinite`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from treadle.backends.numpy_ref import Origin, find_origin
from treadle.backends.protocol import Array
from treadle.driver import Program, differentiate, optimise
from treadle.errors import Diagnostic, Frame, Label
from treadle.frontend.result import TrainPlan
from treadle.ir import Graph, Node, bind
from treadle.source import Span
from treadle.train.advice import advice
from treadle.train.checkpoint import Checkpoint, save_checkpoint
from treadle.train.data.table import TRAIN
from treadle.train.files import write_atomically, write_npz
from treadle.train.replay import FailedRun
from treadle.train.runs import RunFolder

FOLDER = "failure"
_LIBRARY = "stdlib/"
_SHOWN = 8  # numbers of examples
_LEAVES = {"input": "the data", "param": "a weight", "state": "a state"}


@dataclass(frozen=True)
class Finding:
    """An origin, whether it is in the forward pass, and for layers of the library where a spec uses them."""

    origin: Origin
    forward: bool
    used: Span | None = None


def investigate(program: Program, failed: FailedRun) -> Finding | None:
    """The origin in the graph as it was written, else in the one that was compiled; None when NumPy finds
    nothing wrong."""
    for graph in (bind(differentiate(program.graph, program.precision), program.sizes), optimise(program)):
        found = _in_graph(graph, {**failed.leaves, **failed.run.inputs})
        if found is not None:
            return found
    return None


def explained(
    problem: Diagnostic, plan: TrainPlan, failed: FailedRun, found: Finding | None, folder: RunFolder
) -> Diagnostic:
    """The diagnostic with what was found."""
    if found is None:
        hint = f"evaluated by NumPy, step {failed.step} gives finite numbers: the kernels round differently"
        return Diagnostic("E0612", problem.message, problem.span, hint=hint)
    origin = found.origin
    return Diagnostic(
        "E0612",
        f"{problem.message}: {_what(origin)}",
        origin.node.span or plan.span,
        tuple(_labels(found)),
        (*_frames(plan, failed, found), Frame(f"what led to it is kept in {folder.path / FOLDER}")),
        advice(origin, forward=found.forward),
    )


def write_failure(folder: RunFolder, failed: FailedRun, found: Finding | None, problem: Diagnostic) -> None:
    """Writes `failure/`: `batch.npz`, `before.safetensors`, `report.json`.

    Raises:
        TreadleError: E0808 when the disk refuses.
    """
    path = folder.path / FOLDER
    if folder.path.is_dir():
        path.mkdir(exist_ok=True)
    rows = {} if failed.run.rows is None else {"rows": failed.run.rows}
    inputs = {name.lstrip("$"): np.asarray(value) for name, value in failed.run.inputs.items()}
    write_npz(path / "batch.npz", inputs | rows)
    before = failed.step - 1 if failed.split == TRAIN else failed.step
    save_checkpoint(path / "before.safetensors", Checkpoint(failed.leaves, {"step": before}))
    report = {"message": problem.message, "step": failed.step, "phase": failed.run.phase.name}
    report |= {"split": failed.split}
    report |= {"rows": [] if failed.run.rows is None else failed.run.rows.tolist()}
    report |= {} if found is None else _report(found)
    write_atomically(path / "report.json", json.dumps(report, indent=2).encode() + b"\n")


def _in_graph(graph: Graph, values: Mapping[str, Any]) -> Finding | None:
    losses = [node for name, node in graph.outputs.items() if name.startswith("loss")]
    found = find_origin(losses, values)
    if found is None:
        weights = [node for name, node in graph.updates.items() if name in graph.params]
        found = find_origin(weights, values)
    if found is None:
        return None
    forward = found.index is not None or found.node.id in graph.ancestors(losses)
    return Finding(found, forward, _use(graph, found.node))


def _use(graph: Graph, node: Node) -> Span | None:
    """Where the result of a layer of the library is used first by the spec itself."""
    if not _is_library(node.span):
        return None
    reached = graph.descendants([one for one in graph if one.scope == node.scope])
    spans = (graph[number].span for number in sorted(reached))
    return next((span for span in spans if not _is_library(span)), None)


def _is_library(span: Span | None) -> bool:
    return span is None or span.source.name.startswith(_LIBRARY)


def _what(origin: Origin) -> str:
    node = origin.node
    if node.op in _LEAVES:
        return f"`{node.attrs['name']}`, {_LEAVES[node.op]}, holds {_counts(origin.result)}"
    operands = " and ".join(_range(operand) for operand in origin.operands)
    of = f" of {operands}" if operands else ""
    return f"`{node.op}`{of} was the first to give {_counts(origin.result)}"


def _frames(plan: TrainPlan, failed: FailedRun, found: Finding) -> list[Frame]:
    node, phases = found.origin.node, len(plan.phases) > 1
    phase = [f"phase {failed.run.phase.name}"] if phases else []
    parts = phase if failed.split == TRAIN else [f"evaluation of `{failed.split}`"]
    parts += [f"layer `{node.scope}`"] if node.scope else []
    parts += ["the forward pass" if found.forward else "the gradient or update of what stands here"]
    parts += [f"step {found.origin.index} of the loop"] if found.origin.index is not None else []
    frames = [Frame(", ".join(parts))]
    if failed.run.rows is not None:
        examples = f"examples {_listed(failed.run.rows)} of `{failed.split}`"
        frames.append(Frame(f"step {failed.step}, batch {failed.run.number + 1}: {examples}"))
    return frames


def _labels(found: Finding) -> Iterator[Label]:
    """Other places: where the layer is used, where the infinity was written, or where it became NaN."""
    if found.used is not None:
        yield Label(found.used, "its result is used here")
    origin, other = found.origin, found.origin.other
    if other is not None and other.span is not None and other.span != origin.node.span:
        is_given = other.op in {"const", "table"}
        yield Label(other.span, "this is infinite" if is_given else f"`{other.op}` made nan of it")


def _report(found: Finding) -> dict[str, Any]:
    node = found.origin.node
    place = {} if node.span is None else {"file": node.span.source.name, "line": node.span.line}
    return {
        "op": node.op,
        "layer": node.scope,
        **place,
        "forward": found.forward,
        "loop_step": found.origin.index,
        "result": _statistics(found.origin.result),
        "operands": [_statistics(operand) for operand in found.origin.operands],
    }


def _statistics(array: Array) -> dict[str, Any]:
    finite = array[np.isfinite(array)]
    ends = {"min": float(finite.min()), "max": float(finite.max())} if finite.size else {}
    kinds = {"nan": np.isnan(array), "inf": np.isinf(array), "zeros": array == 0}
    return {"type": _type(array), **ends, **{name: int(where.sum()) for name, where in kinds.items()}}


def _counts(array: Array) -> str:
    """`nan in 3 of 64 elements`."""
    kinds = {"nan": np.isnan(array), "inf": np.isposinf(array), "-inf": np.isneginf(array)}
    found = {name: int(where.sum()) for name, where in kinds.items() if where.any()}
    if array.size == 1:
        return next(iter(found), "nan")
    return (
        " and ".join(f"{name} in {count:,}" for name, count in found.items()) + f" of {array.size:,} elements"
    )


def _range(array: Array) -> str:
    """`f32[64, 10] from 0 to 0.998`."""
    finite = array[np.isfinite(array)]
    if not finite.size:
        return f"{_type(array)} without finite elements"
    low, high = finite.min(), finite.max()
    return f"{_type(array)} = {low:.4g}" if low == high else f"{_type(array)} from {low:.4g} to {high:.4g}"


def _type(array: Array) -> str:
    names = {"float32": "f32", "float64": "f64", "float16": "f16", "int64": "i64", "int32": "i32"}
    return f"{names.get(array.dtype.name, array.dtype.name)}{list(array.shape)}"


def _listed(rows: Array) -> str:
    shown = ", ".join(str(row) for row in rows[:_SHOWN])
    return shown + (f", ... {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else "")
