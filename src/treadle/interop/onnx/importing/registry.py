"""The table of operators: what imports a node, by operator and opset.

A translator is a function `(node) -> term`, or terms for several results; it is found by the newest version
that the model's opset includes. Known values (arrays of `values.Known`) are results too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from treadle.interop.onnx.importing.terms import Term
from treadle.interop.onnx.importing.values import Value

if TYPE_CHECKING:
    from treadle.interop.onnx.importing.node import Node

Result = Term | Value | None  # None for a result that the model leaves unnamed
Results = Result | Sequence[Result]
Translator = Callable[["Node"], Results]


@dataclass(frozen=True)
class Entry:
    """A translator, and the opset from which on it holds."""

    since: int
    translate: Translator


OPERATORS: dict[tuple[str, str], list[Entry]] = {}


def operator(name: str, *, since: int = 1, domain: str = "") -> Callable[[Translator], Translator]:
    """Register a translator; `since` is the opset that changed what the operator means."""

    def register(translate: Translator) -> Translator:
        entries = OPERATORS.setdefault((domain, name), [])
        entries.append(Entry(since, translate))
        entries.sort(key=lambda entry: entry.since)
        return translate

    return register


def find_translator(domain: str, name: str, opset: int) -> Translator | None:
    """The translator of an operator in an opset, if there is one."""
    entries = [entry for entry in OPERATORS.get((domain, name), []) if entry.since <= opset]
    return entries[-1].translate if entries else None
