"""Where the time of a training step goes.

Input: compiled programs, data. Output: for each phase the time of every call of its step.
"""

from __future__ import annotations

from collections.abc import Mapping

from treadle.backends.protocol import Array, CallTime, Profiled
from treadle.errors import fail
from treadle.frontend.result import TrainPlan
from treadle.train.data.batches import in_order
from treadle.train.data.columns import Feed
from treadle.train.data.table import TRAIN
from treadle.train.evaluation import given_inputs
from treadle.train.programs import Programs


def profile_steps(
    plan: TrainPlan, feeds: Mapping[str, Feed], programs: Programs, runs: int
) -> dict[str, list[CallTime]]:
    """The least times of `runs` steps of each phase, on the first batch of the data.

    Raises:
        TreadleError: E1003 for a device that cannot be profiled.
    """
    session = programs.session
    if not isinstance(session, Profiled):
        fail("E1003", "this device cannot be profiled", hint="use `--device cpu` or `--device cuda`")
    batch = _first_batch(plan, feeds.get(TRAIN))
    return {
        phase.name: session.profile(phase.program, given_inputs(phase.inputs, batch, (plan.seed, 1), 0), runs)
        for phase in programs.phases
    }


def _first_batch(plan: TrainPlan, feed: Feed | None) -> Mapping[str, Array]:
    return {} if feed is None else feed.batch(next(in_order(feed.table, plan.batch)), 0)
