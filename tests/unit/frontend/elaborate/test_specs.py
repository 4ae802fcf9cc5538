"""The gallery: every spec is right, and its first training steps run on the reference backend."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support.spec_runs import Training
from treadle.frontend.elaborate.data import data_sources
from treadle.frontend.load import load_spec

SPECS = sorted((Path(__file__).parents[4] / "specs").glob("*/*.tdl"))


def random_inputs(graph, random):
    """Values that suit any input: small integers, normal floats."""
    values = {}
    for name, node in graph.inputs.items():
        shape = node.type.static_shape()
        if not name.startswith("$"):
            values[name] = (
                random.integers(0, 2, shape) if node.type.dtype.is_int else random.normal(size=shape)
            )
    return values


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_spec(path):
    checked = load_spec(path)
    random = np.random.default_rng(0)
    for data in checked.datas:
        assert data_sources(checked, data)
    for name in checked.trains:
        training = Training(checked, name, {"N": 3, "T": 4})
        before = {leaf: training[leaf] for leaf in training.plan.leaves}
        for number in range(2):
            for phase in training.plan.phases:
                inputs = random_inputs(training.graphs[phase.name], random)
                results = training.step(number, phase.name, **inputs)
                assert all(np.isfinite(value).all() for value in results.values())
        trained = [leaf for leaf, info in training.plan.leaves.items() if info.trainable]
        assert any(not np.array_equal(before[leaf], training[leaf]) for leaf in trained)
