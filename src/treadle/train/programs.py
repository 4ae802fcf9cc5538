"""The programs of a training: one per phase, and one per size of evaluation batch; all share one session.

Input: a `TrainPlan` and the sizes of the splits. Output: a session with initial values. Non-goals: stepping
(`loop`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from treadle.backends.numpy_ref import evaluate
from treadle.backends.protocol import Array, Session
from treadle.driver import Program, compile_fitting, restrict
from treadle.errors import fail
from treadle.frontend.result import PhasePlan, TrainPlan
from treadle.ir import RNG_INPUT, STEP_INPUT, Graph, bind
from treadle.train.data.columns import Feed
from treadle.train.data.table import TRAIN
from treadle.train.length import TOTAL_STEPS, length_of
from treadle.train.metrics import is_measured, plain_name


@dataclass(frozen=True)
class PhaseProgram:
    """A compiled phase: its name, its program's name, how often it runs per step, the inputs it reads."""

    name: str
    program: str
    repeat: int
    inputs: frozenset[str]


@dataclass(frozen=True)
class Evaluation:
    """What evaluates a model.

    Attributes:
        session: holds the leaves.
        by_size: the program for a batch of so many examples.
        inputs: what the programs read.
        names: what they give, such as `loss` and `accuracy`.
    """

    session: Session
    by_size: Mapping[int, str]
    inputs: frozenset[str]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Programs:
    """A session and what is in it; `names` is what steps give: with several phases, `critic.loss`."""

    session: Session
    phases: tuple[PhaseProgram, ...]
    evaluation: Evaluation
    names: tuple[str, ...]


def compile_training(
    plan: TrainPlan, feeds: Mapping[str, Feed], device: str = "cpu", threads: int | None = None
) -> Programs:
    """Compiles all phases, and evaluation of all splits but `train`; sets the initial values.

    Raises:
        TreadleError: see `driver.compile_fitting`; E0610 for inputs without data.
    """
    _refuse_missing_data(plan, feeds)
    others = {split: feed for split, feed in feeds.items() if split != TRAIN}

    def programs_for(batch: int) -> dict[str, Program]:
        resized = replace(plan, batch=batch)
        return phase_programs(resized, feeds.get(TRAIN)) | evaluation_programs(resized, others)

    session = compile_fitting(programs_for, plan.batch, device, threads)
    for name, value in initial_values(plan.init, plan.seed, plan.batch).items():
        session.write(name, value)
    phases = (PhaseProgram(p.name, _phase_name(p), p.repeat, frozenset(p.graph.inputs)) for p in plan.phases)
    return Programs(session, tuple(phases), _evaluation(plan, others, session), _names_in_training(plan))


def _refuse_missing_data(plan: TrainPlan, feeds: Mapping[str, Feed]) -> None:
    for phase in plan.phases if TRAIN not in feeds else ():
        needed = phase.graph.ancestors(phase.graph.roots())
        for name, node in phase.graph.inputs.items():
            if node.id in needed and name not in {RNG_INPUT, STEP_INPUT}:
                what = f"train block {plan.name} names no data, and the model reads the input `{name}`"
                fail("E0610", what, plan.span, hint="write `train Model on Data`")


def compile_evaluation(
    plan: TrainPlan, feeds: Mapping[str, Feed], device: str = "cpu", threads: int | None = None
) -> Evaluation:
    """Compiles evaluation of these splits; the session's leaves have no values yet.

    Raises:
        TreadleError: see `driver.compile_fitting`.
    """
    session = compile_fitting(
        lambda batch: evaluation_programs(replace(plan, batch=batch), feeds), plan.batch, device, threads
    )
    return _evaluation(plan, feeds, session)


def sized(graph: Graph, batch: int, known: Mapping[str, int]) -> Program:
    """A graph with all its dimensions: those `known` from the data, and the batch for any other."""
    return Program(graph, dict.fromkeys(graph.symbols(), batch) | dict(known))


def initial_values(init: Graph, seed: int, batch: int) -> dict[str, Array]:
    """The values that leaves start from; the same for the same seed on every machine."""
    sized = bind(init, dict.fromkeys(init.symbols(), batch))
    return evaluate(sized, {RNG_INPUT: np.array([seed, 0]), STEP_INPUT: np.array(0)})


def batch_sizes(counts: Iterable[int], batch: int) -> list[int]:
    """The sizes of batches that evaluation of so many examples needs: whole ones and remainders."""
    counts = list(counts)
    sizes = {batch for count in counts if count >= batch} | {count % batch for count in counts}
    return sorted(size for size in sizes if size)


def phase_programs(plan: TrainPlan, feed: Feed | None) -> dict[str, Program]:
    """One step of each phase, by the name of its program; a training without data has no feed."""
    known = dict(feed.sizes) if feed else {}
    steps = length_of(plan, feed.table.size if feed else None).steps
    return {
        _phase_name(phase): replace(
            sized(phase.graph, plan.batch, {**known, TOTAL_STEPS: steps * phase.repeat}),
            precision=phase.precision,
        )
        for phase in plan.phases
    }


def evaluation_programs(plan: TrainPlan, feeds: Mapping[str, Feed]) -> dict[str, Program]:
    """The evaluation of splits, by the names of its programs: one for each size of batch."""
    graph = restrict(plan.eval.graph, is_measured)
    return {
        _evaluation_name(size): sized(graph, size, feed.sizes)
        for feed in feeds.values()
        for size in batch_sizes([feed.table.size], plan.batch)
    }


def _evaluation(plan: TrainPlan, feeds: Mapping[str, Feed], session: Session) -> Evaluation:
    graph = restrict(plan.eval.graph, is_measured)
    sizes = batch_sizes([feed.table.size for feed in feeds.values()], plan.batch)
    by_size = {size: _evaluation_name(size) for size in sizes}
    return Evaluation(session, by_size, frozenset(graph.inputs), tuple(map(plain_name, graph.outputs)))


def _names_in_training(plan: TrainPlan) -> tuple[str, ...]:
    return tuple(
        f"{phase.name}.{plain_name(name)}" if len(plan.phases) > 1 else plain_name(name)
        for phase in plan.phases
        for name in phase.graph.outputs
        if is_measured(name)
    )


def _phase_name(phase: PhasePlan) -> str:
    return f"train:{phase.name}"


def _evaluation_name(size: int) -> str:
    return f"evaluate:{size}"
