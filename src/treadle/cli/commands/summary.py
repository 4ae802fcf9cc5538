"""`treadle summary SPEC`: layers with named shapes, parameters, multiply-adds; memory of the training."""

import json
from typing import Any

from treadle.backends.protocol import MemoryPlan, bytes_text
from treadle.cli.options import JsonOption, ModelOption, SpecArgument
from treadle.cli.tables import table
from treadle.frontend.choice import choose_model
from treadle.frontend.gallery import find_spec
from treadle.frontend.load import load_spec
from treadle.frontend.result import TrainPlan
from treadle.train.length import TOTAL_STEPS
from treadle.train.summary import Summary, summarise, training_memory
from treadle.types import DimLike


def run(spec: SpecArgument, model: ModelOption = None, as_json: JsonOption = False) -> None:
    """List layers with output shapes, parameters and multiply-adds, and the memory of the training."""
    checked = load_spec(find_spec(spec))
    chosen = choose_model(checked, model)
    summary = summarise(chosen)
    plan = next((plan for plan in checked.trains.values() if plan.eval is chosen), None)
    memory = _memory(plan)
    if as_json:
        print(json.dumps(_as_json(summary, memory), indent=2))
    else:
        print(_as_text(summary, plan, memory))


def _memory(plan: TrainPlan | None) -> MemoryPlan | None:
    """The memory plan, when all sizes are known without looking at data."""
    if plan is None:
        return None
    unknown = {name for phase in plan.phases for name in phase.graph.symbols()} - {
        plan.eval.batch,
        TOTAL_STEPS,
    }
    return None if unknown else training_memory(plan, {})


def _as_text(summary: Summary, plan: TrainPlan | None, memory: MemoryPlan | None) -> str:
    rows = [["layer", "output", "parameters", "multiply-adds"]]
    for row in summary.layers:
        name = row.name or "(model)"
        rows.append([name, str(row.output or ""), f"{row.parameters:,}", _count(row.multiply_adds)])
    rows.append(["total", "", f"{summary.parameters:,}", _count(summary.multiply_adds)])
    parts = [
        f"model {summary.model}",
        *(f"  input   {name}: {type_}" for name, type_ in summary.inputs.items()),
        *(f"  output  {name}: {type_}" for name, type_ in summary.outputs.items()),
        "",
        table(rows, left=2),
        "",
        "multiply-adds: matrix products and convolutions, per example",
    ]
    if plan is not None and memory is not None:
        parts += ["", _memory_text(memory, plan.batch)]
    return "\n".join(parts)


def _memory_text(memory: MemoryPlan, batch: int) -> str:
    kinds = {
        "parameters": memory.parameters,
        "states": memory.states,
        "inputs": memory.inputs,
        "activations": memory.activations,
        "total": memory.total,
    }
    sizes = [[name, bytes_text(size)] for name, size in kinds.items()]
    rows = [[f"training step, batch {batch}", ""], *sizes]
    return table(rows)


def _count(value: DimLike) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _as_json(summary: Summary, memory: MemoryPlan | None) -> dict[str, Any]:
    return {
        "model": summary.model,
        "inputs": {name: str(type_) for name, type_ in summary.inputs.items()},
        "outputs": {name: str(type_) for name, type_ in summary.outputs.items()},
        "layers": [
            {
                "name": row.name,
                "output": str(row.output or ""),
                "parameters": row.parameters,
                "multiply_adds": row.multiply_adds
                if isinstance(row.multiply_adds, int)
                else str(row.multiply_adds),
            }
            for row in summary.layers
        ],
        "memory": None if memory is None else {**vars(memory), "total": memory.total},
    }
