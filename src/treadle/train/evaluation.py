"""Evaluation: means of loss and metrics over all examples of a split, each counted once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from treadle.backends.protocol import Array, Session
from treadle.ir import RNG_INPUT, STEP_INPUT
from treadle.train.data.batches import in_order
from treadle.train.data.columns import Feed
from treadle.train.metrics import Averages, scalars
from treadle.train.programs import Evaluation


def evaluate_split(evaluation: Evaluation, feed: Feed, batch: int, seed: int) -> dict[str, float]:
    """The mean of each value over the split; batches weigh as many examples as they hold."""
    averages = Averages()
    for number, rows in enumerate(in_order(feed.table, batch)):
        inputs = feed.batch(rows, number)
        name = evaluation.by_size[rows.size]
        outputs = run_program(evaluation.session, name, evaluation.inputs, inputs, key=(seed, number), step=0)
        averages.add(scalars(outputs), rows.size)
    return averages.means()


def run_program(
    session: Session,
    program: str,
    wanted: frozenset[str],
    inputs: Mapping[str, Array],
    *,
    key: tuple[int, int],
    step: int,
) -> dict[str, Array]:
    """Runs a program on the inputs that it reads, the random key and step number too if it reads them."""
    return session.run(program, given_inputs(wanted, inputs, key, step))


def given_inputs(
    wanted: frozenset[str], inputs: Mapping[str, Array], key: tuple[int, int], step: int
) -> dict[str, Array]:
    """What a program gets: the inputs that it reads, the random key and step number among them."""
    given = {name: array for name, array in inputs.items() if name in wanted}
    if RNG_INPUT in wanted:
        given[RNG_INPUT] = np.array(key)
    if STEP_INPUT in wanted:
        given[STEP_INPUT] = np.array(step)
    return given
