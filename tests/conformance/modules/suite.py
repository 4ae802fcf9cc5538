"""The suite `modules`: all cases prepared, compiled together and judged."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from treadle.backends.protocol import Session
from treadle.ir import Graph

from ..cases import Folder
from ..pipeline import session
from ..runner import Verdict, told
from . import layers, trainings
from .said import Module, modules


class Ready(Protocol):
    """A case that a backend can compile."""

    module: Module
    graphs: dict[str, Graph]

    def problems(self, session: Session) -> Iterator[str]:
        """What differs."""


def modules_suite(
    data: Path, backend: str, dtype: str, names: Collection[str] = (), **_: Any
) -> Iterator[Verdict]:
    """The cases of `modules.json`."""
    ready: list[Ready] = []
    for module in modules(Folder(data, "modules")):
        if names and not {module.id, module.kind} & set(names):
            continue
        try:
            ready.append((trainings if module.kind == "net" else layers).prepare(module, dtype))
        except Exception as error:  # noqa: BLE001 - one broken case must not end the run
            yield _verdict(module, told(error))
    yield from _judged(ready, backend)


def _judged(ready: Sequence[Ready], backend: str) -> Iterator[Verdict]:
    if not ready:
        return
    made = session({name: graph for item in ready for name, graph in item.graphs.items()}, backend)
    for item in ready:
        yield _verdict(item.module, *item.problems(made))


def _verdict(module: Module, *problems: str) -> Verdict:
    return Verdict(module.id, module.id, module.kind, "failed" if problems else "passed", problems)
