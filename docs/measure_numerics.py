"""Writes the table of `docs/numerics.md`: the error of float32 results, op by op.

    python docs/measure_numerics.py

Input: the registry. Output: for each op on float operands the largest error of float32 on `numpy` and `cpu`
against float64 at the same operands, in units in the last place: of each element (elementwise ops), and of
the largest one. Not part of `docs/generate.py`: the figures are a machine's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np

from treadle.driver import load_backend
from treadle.ir import Builder, Graph
from treadle.ops import REGISTRY, OpDef, Sample
from treadle.ops.opdef import Reference
from treadle.types import DType, TensorType

PAGE = Path(__file__).resolve().parent / "numerics.md"
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
POINTS = 100_000
LARGE: dict[str, tuple[tuple[tuple[int, ...], ...], dict[str, Any]]] = {
    **dict.fromkeys(("sum", "mean"), (((50, 10_000),), {"axes": (1,), "keepdims": False})),
    "cumsum": (((50, 10_000),), {"axis": 1, "reverse": False}),
    "matmul": (((64, 1024), (1024, 64)), {}),
    "conv": (((2, 32, 16, 16), (32, 32, 3, 3)), {}),
}
DRAWS: dict[str, tuple[float, float]] = {
    "normal": (-4, 4),
    "nonzero": (0.2, 4),
    "positive": (0.05, 20),
    "unit": (0.01, 0.99),
    "above one": (1.01, 20),
    "regular": (-1, 1),
}
Array = np.ndarray[Any, Any]


def measured_ops() -> Iterator[OpDef]:
    """Ops on floats that give floats, and are more than moving elements."""
    for op in REGISTRY:
        if op.samples and op.vjp is not None and "view" not in op.traits and op.samples[0].shapes:
            yield op


def problem(op: OpDef) -> tuple[Graph, dict[str, Array], str]:
    """The op at a size worth measuring, with its operands and what they are drawn from."""
    sample = op.samples[0]
    shapes, attrs = LARGE.get(op.name, (sample.shapes, dict(sample.attrs)))
    if op.is_elementwise:
        shapes = ((POINTS,),) * len(sample.shapes)
    rng = np.random.default_rng(7)
    given = {f"x{k}": _operand(rng, sample, k, shape) for k, shape in enumerate(shapes)}
    g = Builder(Graph(op.name))
    operands = [g.input(name, TensorType(_dtype(value), value.shape)) for name, value in given.items()]
    g.graph.outputs["y"] = g.apply(op.name, *operands, **attrs)
    return g.graph, given, sample.domain


def _dtype(value: Array) -> DType:
    return {"f": DType.F32, "i": DType.I64, "b": DType.BOOL}[value.dtype.kind]


def _operand(rng: np.random.Generator, sample: Sample, number: int, shape: tuple[int, ...]) -> Array:
    name = sample.dtypes[number] if number < len(sample.dtypes) else "f64"
    if name == "bool":
        return rng.random(shape) < 0.5
    if name == "i64":
        return rng.integers(0, 3, shape)
    low, high = DRAWS[sample.domain]
    drawn = rng.uniform(low, high, shape)
    if sample.domain == "nonzero":
        drawn = drawn * rng.choice([-1.0, 1.0], shape)
    if sample.domain == "regular":
        drawn = drawn + 2 * np.eye(shape[-2], shape[-1])
    return np.asarray(drawn).astype(np.float32)


def exact(op: OpDef, given: dict[str, Array], graph: Graph) -> Array:
    """The result in float64."""
    wide = [value.astype(np.float64) if value.dtype.kind == "f" else value for value in given.values()]
    attrs = dict(graph.outputs["y"].attrs)
    reference = cast(Reference, op.reference)
    return np.asarray(reference(*wide, **attrs))


def units(found: Array, wanted: Array, size: Array) -> float:
    """The largest error in units in the last place of float32 numbers of that size."""
    finite = np.isfinite(wanted)
    errors = np.abs(np.subtract(found, wanted, where=finite, out=np.zeros(wanted.shape)))
    return float(np.max(errors / np.spacing(np.abs(size).astype(np.float32))))


def lines() -> Iterator[str]:
    """The table, and the ops that make no error."""
    problems = [(op, *problem(op)) for op in measured_ops()]
    problems = [p for p in problems if p[1].outputs["y"].type.dtype is DType.F32]
    graphs = {op.name: graph for op, graph, _, _ in problems}
    sessions = [load_backend(name).compile(graphs) for name in ("numpy", "cpu")]
    yield "| Op | Operands | `numpy` | `cpu` | `cpu`, of the largest |"
    yield "|---|---|---|---|---|"
    faultless = []
    for op, graph, given, domain in problems:
        results = [session.run(op.name, given)["y"] for session in sessions]
        errors = list(_errors(op, results, exact(op, given, graph)))
        if any(errors):
            shown = " | ".join(f"{error:.2g}" if error is not None else "" for error in errors)
            yield f"| `{op.name}` | {_operands(op, given, domain)} | {shown} |"
        else:
            faultless.append(f"`{op.name}`")
    yield f"\nWithout any error: {', '.join(faultless)}, and ops that only move elements."


def _errors(op: OpDef, results: list[Array], wanted: Array) -> Iterator[float | None]:
    """The columns: results of both backends one by one where that is fair, then against the largest."""
    largest = np.full(wanted.shape, np.max(np.abs(wanted), where=np.isfinite(wanted), initial=0))
    for found in results:
        yield units(found, wanted, wanted) if op.is_elementwise else None
    yield units(results[1], wanted, largest)


def _operands(op: OpDef, given: dict[str, Array], domain: str) -> str:
    low, high = DRAWS[domain]
    sign = "+-" if domain == "nonzero" else ""
    shapes = "" if op.is_elementwise else " ".join(str(list(value.shape)) for value in given.values())
    return f"{sign}({low:g}, {high:g}) {shapes}".strip()


def main() -> None:
    """Replaces the table between the marks of the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    table = "\n".join(lines()) + "\n"
    PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
