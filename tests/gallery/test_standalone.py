"""A sample of the gallery as exported modules, run without Treadle, gives what Treadle's reference gives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gallery.test_exchange import random_inputs
from support.exported import run_apart
from treadle.backends.numpy_ref import evaluate
from treadle.driver import Program as Compiled
from treadle.driver import optimise
from treadle.frontend.gallery import gallery
from treadle.frontend.load import load_spec
from treadle.frontend.result import TrainPlan
from treadle.interop.models import inference_graph
from treadle.interop.standalone.module import export_module, step_name
from treadle.interop.standalone.programs import Program
from treadle.ir import Graph
from treadle.train.programs import initial_values
from treadle.types import DType

INFERENCE = ["lenet", "char_gru", "gat", "vit", "realnvp", "rbm", "time_delay_net"]
TRAINED = ["xor_mlp", "transformer_encoder", "wgan_gp", "elman_rnn", "skipgram", "small_cnn_fashion"]
COMPILED = [("digits_mlp", False)]
SIZES, BATCH = 5, 3
TOLERANCE = 1e-3


@pytest.mark.parametrize("name", INFERENCE)
def test_inference(name: str, tmp_path: Path) -> None:
    """With NumPy alone."""
    check(name, "numpy", tmp_path, trained=False)


@pytest.mark.parametrize("name", TRAINED)
def test_training_step(name: str, tmp_path: Path) -> None:
    """Losses, metrics and every new weight, of each phase, with NumPy alone."""
    check(name, "numpy", tmp_path, trained=True)


@pytest.mark.parametrize(("name", "trained"), COMPILED)
def test_compiled(name: str, trained: bool, tmp_path: Path) -> None:
    """With Numba; few, since it compiles for seconds."""
    check(name, "python", tmp_path, trained=trained)


def check(name: str, target: str, folder: Path, *, trained: bool) -> None:
    """Exports, runs apart, compares all results."""
    checked = load_spec(gallery()[name])
    plan = next(iter(checked.trains.values()))
    module = export_module(plan.eval, checked.source, plan if trained else None, target)
    functions = {program.name: program for program in module.programs}
    graphs = step_graphs(plan) if trained else {"forward": inference_graph(plan.eval)}
    leaves = initial_values(plan.init, 0, BATCH)
    calls, expected = {}, {}
    for function, graph in graphs.items():
        calls[function], results = prepared(functions[function], graph, plan, leaves)
        expected |= {f"{function}/{title}": value for title, value in results.items()}
    found = run_apart(folder, module, calls)
    assert expected.keys() <= found.keys()
    for title, wanted in expected.items():
        scale = max(1.0, float(np.abs(wanted).max(initial=0)))
        np.testing.assert_allclose(found[title], wanted, rtol=0, atol=TOLERANCE * scale, err_msg=title)
        assert found[title].dtype == wanted.dtype, title


def step_graphs(plan: TrainPlan) -> dict[str, Graph]:
    return {step_name(phase, plan): phase.graph for phase in plan.phases if phase.precision is DType.F32}


def prepared(
    program: Program, graph: Graph, plan: TrainPlan, leaves: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arguments of a function, and what Treadle's reference gives for them."""
    sizes = dict.fromkeys(graph.symbols(), SIZES) | {plan.eval.batch or "": BATCH}
    bound = optimise(Compiled(graph, sizes))
    inputs = random_inputs(bound)
    bound.outputs = {plain(title): node for title, node in bound.outputs.items()}
    bound.outputs |= {f"new/{leaf}": node for leaf, node in bound.updates.items()}
    expected = evaluate(bound, {**leaves, **inputs})
    arguments = {parameter: inputs[title] for title, parameter in program.inputs.items()}
    arguments |= {symbol: np.array(sizes[symbol]) for symbol in program.symbols}
    return {"weights": {name: leaves[name] for name in graph.leaves()}, **arguments}, expected


def plain(title: str) -> str:
    return title.partition(":")[2] if title.startswith(("output:", "metric:")) else title
