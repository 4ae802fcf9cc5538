"""Summaries of models: per layer its output, parameters and multiply-adds; and the memory of a training.

Input: a model expanded for evaluation, a plan. Output: rows. Multiply-adds are those of matrix products and
convolutions, for one example.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from treadle.backends.protocol import MemoryPlan
from treadle.driver import plan_memory, restrict
from treadle.frontend.result import LeafInfo, ModelGraph, TrainPlan
from treadle.ir import Graph, Node
from treadle.train.length import TOTAL_STEPS
from treadle.train.programs import sized
from treadle.types import DimLike, TensorType
from treadle.types.dims import substitute

_OUTPUT = "output:"


@dataclass
class LayerRow:
    """One layer: its path, the type of its output, its own parameters, its multiply-adds per example."""

    name: str
    output: TensorType | None = None
    parameters: int = 0
    frozen: int = 0
    multiply_adds: DimLike = 0


@dataclass(frozen=True)
class Summary:
    """Rows of a model in order of computation, and what it reads and gives."""

    model: str
    inputs: Mapping[str, TensorType]
    outputs: Mapping[str, TensorType]
    layers: list[LayerRow] = field(default_factory=list)

    @property
    def parameters(self) -> int:
        """Trained numbers in all layers."""
        return sum(row.parameters for row in self.layers)

    @property
    def multiply_adds(self) -> DimLike:
        """Of all layers, per example."""
        total: DimLike = 0
        for row in self.layers:
            total = total + row.multiply_adds
        return total


def summarise(model: ModelGraph) -> Summary:
    """The summary of a model; losses and metrics do not count unless it has no outputs."""
    has_outputs = any(name.startswith(_OUTPUT) for name in model.graph.outputs)
    graph = restrict(
        model.graph, (lambda name: name.startswith(_OUTPUT)) if has_outputs else lambda _name: True
    )
    rows: dict[str, LayerRow] = {}
    for node in graph:
        row = rows.setdefault(node.scope, LayerRow(node.scope))
        if node.op not in {"input", "param", "state", "const"}:
            row.output = _last_type(node) or row.output
        row.multiply_adds = row.multiply_adds + _per_example(multiply_adds(node), model.batch)
    _count_parameters(rows, model.leaves.values())
    shown = [row for row in rows.values() if row.name or row.parameters or row.multiply_adds]
    inputs = {name: node.type for name, node in graph.inputs.items() if not name.startswith("$")}
    outputs = {name.removeprefix(_OUTPUT): node.type for name, node in graph.outputs.items()}
    return Summary(model.name, inputs, outputs, shown)


def multiply_adds(node: Node) -> DimLike:
    """The multiply-adds of one node; those of a loop are its body's times its length."""
    if node.op == "matmul":
        return node.type.size * node.inputs[0].type.shape[-1]
    if node.op == "conv":
        return node.type.size * TensorType(node.type.dtype, node.inputs[1].type.shape[1:]).size
    if node.op == "scan":
        body: Graph = node.attrs["body"]
        total: DimLike = 0
        for inner in body:
            total = total + multiply_adds(inner)
        length: DimLike = node.attrs["length"]
        return total * length
    return 0


def training_memory(plan: TrainPlan, sizes: Mapping[str, int]) -> MemoryPlan:
    """The memory of a compiled training step; `sizes` are the symbolic dimensions other than the batch."""
    known = {**sizes, TOTAL_STEPS: 1}
    return plan_memory({phase.name: sized(phase.graph, plan.batch, known) for phase in plan.phases})


def _count_parameters(rows: dict[str, LayerRow], leaves: Iterable[LeafInfo]) -> None:
    for leaf in leaves:
        if leaf.kind == "param" and isinstance(leaf.type.size, int):
            row = rows.setdefault(leaf.scope, LayerRow(leaf.scope))
            row.parameters += leaf.type.size
            row.frozen += 0 if leaf.trainable else leaf.type.size


def _last_type(node: Node) -> TensorType | None:
    return None if isinstance(node.result, tuple) else node.type


def _per_example(count: DimLike, batch: str | None) -> DimLike:
    return substitute(count, {batch: 1}) if batch else count
