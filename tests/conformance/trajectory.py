"""Runs of a train block for some steps, compared with the leaves that should come of each step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from treadle.backends.protocol import Session
from treadle.frontend.load import load_text
from treadle.ir import STEP_INPUT
from treadle.train.ema import with_settings

from .cases import Array
from .pipeline import Step, run, session, train_step
from .runner import Verdict, told

RELATIVE, ABSOLUTE = 1e-10, 1e-12


@dataclass(frozen=True)
class Run:
    """A train block, the leaves it starts from, and for each step its inputs and the leaves after it."""

    id: str
    kind: str
    text: str
    initial: Mapping[str, Array]
    given: Sequence[Mapping[str, Array]]
    expected: Sequence[Mapping[str, Array]]


def verdicts(runs: Sequence[Run], backend: str, dtype: str) -> Iterator[Verdict]:
    """The verdicts on all runs, whose steps are compiled together."""
    if dtype != "f64":
        yield from (
            Verdict(item.id, item.id, item.kind, "skipped", ("compared in f64 only",)) for item in runs
        )
        return
    steps: dict[str, Step] = {}
    for item in runs:
        try:
            (plan,) = load_text(item.text, "case.tdl").trains.values()
            steps[item.id] = train_step(with_settings(plan), dtype)
        except Exception as error:  # noqa: BLE001 - one broken run must not end the others
            yield Verdict(item.id, item.id, item.kind, "failed", (told(error),))
    yield from _run_all([item for item in runs if item.id in steps], steps, backend)


def _run_all(runs: Sequence[Run], steps: Mapping[str, Step], backend: str) -> Iterator[Verdict]:
    """Runs follow each other in one session: each sets the leaves that it has."""
    if not runs:
        return
    sess = session({name: step.graph for name, step in steps.items()}, backend)
    for item in runs:
        found = _problem(item, steps[item.id], sess)
        yield Verdict(item.id, item.id, item.kind, "failed" if found else "passed", (found,) if found else ())


def _problem(item: Run, step: Step, sess: Session) -> str:
    for name in step.graph.leaves():
        sess.write(name, item.initial.get(name, step.initial[name]))
    for number, (given, expected) in enumerate(zip(item.given, item.expected, strict=True)):
        run(sess, item.id, step.graph, {**given, STEP_INPUT: np.array(number)})
        for name, array in expected.items():
            found = sess.read(name)
            if not np.allclose(found, array, rtol=RELATIVE, atol=ABSOLUTE):
                return f"`{name}` after step {number} is {found.tolist()}, not {array.tolist()}"
    return ""
