"""The suites of a folder of cases, by name: `(data, backend, dtype, names) -> verdicts`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from .cases import Case, op_cases
from .families import TRANSLATORS
from .modules.suite import modules_suite
from .nets import nets
from .optim import optim
from .runner import Verdict, run_cases
from .skips import skipped

Suite = Callable[..., Iterable[Verdict]]


def ops(
    data: Path, backend: str, dtype: str, names: Collection[str] = (), per_op: int | None = None
) -> Iterator[Verdict]:
    """The cases of `ops.json`: what `names` names (op, family or case), the first `per_op` of each."""
    selected = _selected(op_cases(data), set(names), per_op)
    return run_cases(selected, TRANSLATORS, backend, dtype, lambda case: skipped(case, backend, dtype))


def _selected(cases: Iterable[Case], names: set[str], per_op: int | None) -> Iterator[Case]:
    seen: Counter[str] = Counter()
    for case in cases:
        seen[case.op] += 1
        if (not names or _named(case) & names) and (per_op is None or seen[case.op] <= per_op):
            yield case


def _named(case: Case) -> set[str]:
    return {case.id, case.op, case.op.removeprefix("nn.functional."), case.family}


SUITES: dict[str, Suite] = {"ops": ops, "modules": modules_suite, "nets": nets, "optim": optim}
