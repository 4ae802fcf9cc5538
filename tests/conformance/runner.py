"""Runs cases: text, check, compilation in batches, execution, verdict.

A batch compiles all its kernels at once; a case that the pipeline refuses fails by itself.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal, TypeVar

from treadle.backends.protocol import Session
from treadle.driver import Program, optimise
from treadle.errors import TreadleError
from treadle.errors.render import all_to_text
from treadle.frontend.load import load_text
from treadle.ir import Graph

from .backends import backend_of
from .call import SkipError, Translator
from .cases import Case
from .compare import problems
from .spec import inputs_of, spec_text

BATCH = 200
Item = TypeVar("Item")


@dataclass(frozen=True)
class Verdict:
    """What became of a case; `reasons` say why it failed or was skipped."""

    id: str
    op: str
    family: str
    status: Literal["passed", "failed", "skipped"]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Ready:
    """A case whose graph a backend can compile."""

    case: Case
    graph: Graph


def run_cases(
    cases: Iterable[Case],
    translators: Mapping[str, Translator],
    backend: str,
    dtype: str,
    skipped: Callable[[Case], str | None] = lambda case: None,
) -> Iterator[Verdict]:
    """The verdicts on cases, batch by batch."""
    for batch in _batches(cases, BATCH):
        ready: list[_Ready] = []
        for case in batch:
            prepared = _prepare(case, translators, dtype, skipped)
            if isinstance(prepared, _Ready):
                ready.append(prepared)
            else:
                yield prepared
        yield from _run_batch(ready, backend, dtype)


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _prepare(
    case: Case,
    translators: Mapping[str, Translator],
    dtype: str,
    skipped: Callable[[Case], str | None],
) -> _Ready | Verdict:
    reason = skipped(case)
    if "f64 only" in case.tags and dtype != "f64":
        reason = "no finite float32 result"
    if reason is None and case.op not in translators:
        return _verdict(case, "failed", "there is no translation")
    if reason is not None:
        return _verdict(case, "skipped", reason)
    try:
        model = load_text(spec_text(case, translators[case.op], dtype), "case.tdl").models["Case"]
        return _Ready(case, optimise(Program(model.graph)))
    except Exception as error:  # noqa: BLE001 - one broken case must not end the run
        return _unable(case, error)


def _verdict(case: Case, status: Literal["passed", "failed", "skipped"], *reasons: str) -> Verdict:
    return Verdict(case.id, case.op, case.family, status, reasons)


def _unable(case: Case, error: Exception) -> Verdict:
    if isinstance(error, SkipError):
        return _verdict(case, "skipped", str(error))
    return _verdict(case, "failed", told(error))


def told(error: Exception) -> str:
    """An error as text: the diagnostics of a spec, or the end of a traceback."""
    if isinstance(error, TreadleError):
        return all_to_text(error.diagnostics)
    return "".join(traceback.format_exception(error, limit=-4))


def _run_batch(ready: Sequence[_Ready], backend: str, dtype: str) -> Iterator[Verdict]:
    """Compiles all at once; when that fails, halves, until the case that fails is alone."""
    if not ready:
        return
    try:
        session = backend_of(backend).compile({item.case.id: item.graph for item in ready})
    except Exception as error:  # noqa: BLE001 - told as the reason of the case that causes it
        if len(ready) == 1:
            yield _unable(ready[0].case, error)
            return
        middle = len(ready) // 2
        yield from _run_batch(ready[:middle], backend, dtype)
        yield from _run_batch(ready[middle:], backend, dtype)
        return
    for item in ready:
        yield _judge(item, session, dtype)


def _judge(item: _Ready, session: Session, dtype: str) -> Verdict:
    given = inputs_of(item.case)
    types = {name: node.type.dtype.numpy_name for name, node in item.graph.inputs.items()}
    try:
        results = session.run(item.case.id, {n: given[n].astype(types[n]) for n in item.graph.inputs})
    except Exception as error:  # noqa: BLE001 - one broken case must not end the run
        return _unable(item.case, error)
    found = problems(item.case, results, dtype)
    return _verdict(item.case, "failed" if found else "passed", *found)
