"""The arrays that go with an exported module: those of a run, or the ones that a training starts from.

Input: a checked spec's plan or model, a checkpoint or none. Output: values by leaf name, and a word on where
they are from.
"""

from __future__ import annotations

from treadle.backends.protocol import Array
from treadle.frontend.result import ModelGraph, TrainPlan
from treadle.train.checkpoint import load_checkpoint, match_leaves
from treadle.train.programs import initial_values
from treadle.train.trained import Origin, leaf_values

Values = dict[str, Array]


def trained_values(origin: Origin, model: ModelGraph) -> tuple[Values, str]:
    """What a trained model predicts with.

    Raises:
        TreadleError: E0802 to E0806 for a checkpoint that is damaged or of another model.
    """
    return leaf_values(origin, model), f"weights of {origin.weights}"


def training_values(origin: Origin, plan: TrainPlan) -> tuple[Values, str]:
    """What a training goes on from: all that the checkpoint holds, the rest as at the start.

    Raises:
        TreadleError: E0802 to E0806 for a checkpoint that is damaged or of another model.
    """
    held = load_checkpoint(origin.weights).values
    wanted = {
        name: leaf.type for name, leaf in plan.leaves.items() if name in held or name in plan.eval.leaves
    }
    start, _ = starting_values(plan)
    return start | match_leaves(held, wanted, str(origin.weights)), f"weights of {origin.weights}"


def starting_values(plan: TrainPlan) -> tuple[Values, str]:
    """What a training starts from, the states of its optimizer included."""
    return initial_values(plan.init, plan.seed, plan.batch), f"initial weights, seed {plan.seed}: not trained"


def model_values(model: ModelGraph) -> tuple[Values, str]:
    """Initial weights of a model that nothing trains."""
    return initial_values(model.init, 0, 1), "initial weights, seed 0: not trained"
