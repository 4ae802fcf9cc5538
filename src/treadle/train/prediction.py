"""Prediction: the outputs of a model for given inputs, in batches.

Input: a model, values of its leaves, arrays by input name. Output: arrays by output name, one row per
example.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from treadle.backends.protocol import Array
from treadle.driver import compile_programs, restrict
from treadle.errors import fail
from treadle.frontend.result import ModelGraph
from treadle.train.data.batches import in_order
from treadle.train.data.table import Table
from treadle.train.evaluation import run_program
from treadle.train.programs import batch_sizes, sized

_OUTPUT = "output:"
_BATCH = 256


def predict(
    model: ModelGraph,
    leaves: Mapping[str, Array],
    rows: Table,
    sizes: Mapping[str, int],
    device: str = "cpu",
    threads: int | None = None,
) -> dict[str, Array]:
    """The outputs for all rows.

    Args:
        model: the model, expanded for evaluation.
        leaves: values of its parameters and states.
        rows: its inputs.
        sizes: its symbolic dimensions other than the batch.
        device: `cpu`, `cuda` or `numpy`.
        threads: as many as there are cores when None.

    Raises:
        TreadleError: E1005 for a model without outputs.
    """
    graph = restrict(model.graph, lambda name: name.startswith(_OUTPUT))
    if not graph.outputs:
        fail("E1005", f"model {model.name} declares no `output`", hint="add `output probability = ...` to it")
    programs = {str(size): sized(graph, size, sizes) for size in batch_sizes([rows.size], _BATCH)}
    session = compile_programs(programs, device, threads)
    used = graph.leaves()
    for name, value in leaves.items():
        if name in used:
            session.write(name, value)
    wanted = frozenset(graph.inputs)
    parts = [
        run_program(session, str(part.size), wanted, part.columns, key=(0, number), step=0)
        for number, part in enumerate(in_order(rows, _BATCH))
    ]
    return {
        name.removeprefix(_OUTPUT): np.concatenate([part[name] for part in parts]) for name in graph.outputs
    }
