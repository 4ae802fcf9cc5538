"""What the page says about nodes, each fact once: source lines, ops, gradient rules, kernels.

Input: nodes. Output: tables, and for each node the numbers of its entries in them. Non-goals: layout, looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from treadle.ir import Node
from treadle.ir.node import attrs_key
from treadle.ops import REGISTRY
from treadle.source import Source, Span
from treadle.types import Dim, TensorType
from treadle.viz.formulas import Rule, gradient_rule
from treadle.viz.html.kernels import Kernels

_CONTEXT = 1  # lines shown around a place
_MOST_PLACES = 6
_LONGEST_VALUE = 120
_SHOWN_ELSEWHERE = {"name", "dtype", "shape", "body"}

Json = dict[str, Any]


class Facts:
    """The tables, filled as nodes are asked about."""

    def __init__(self, kernels: Kernels) -> None:
        self._kernels = kernels
        self._sources: dict[Source, int] = {}
        self._lines: list[Json] = []
        self._places: dict[Span, int] = {}
        self._rules: dict[Rule, int] = {}
        self._known_rules: dict[Any, int] = {}
        self._ops: dict[str, Json] = {}

    def tables(self) -> Json:
        """The tables, for the page."""
        return {
            "sources": self._lines,
            "places": [_place(span, self._sources[span.source]) for span in self._places],
            "rules": [{"lines": rule.lines, "note": rule.note} for rule in self._rules],
            "ops": self._ops,
            "kernels": [{"name": kernel.name, "text": kernel.text} for kernel in self._kernels.entries],
            "assumed": self._kernels.assumed,
        }

    def about(self, node: Node) -> Json:
        """All about one node."""
        facts: Json = {"op": self._op(node.op), "rule": self._rule(node)}
        if not isinstance(node.result, tuple):
            facts |= _type_facts(node.type)
        if "name" in node.attrs:
            facts["name"] = str(node.attrs["name"])
        attributes = [[name, _value(v)] for name, v in node.attrs.items() if name not in _SHOWN_ELSEWHERE]
        kernels, note = self._kernels.of(node)
        found = {"attrs": attributes, "kernels": kernels, "kernelNote": note, "places": self.places([node])}
        return facts | {name: value for name, value in found.items() if value}

    def places(self, nodes: Sequence[Node]) -> list[int]:
        """Places in the text: first those in the user's own file, then those in the library."""
        spans = [node.span for node in nodes if node.span is not None]
        own = dict.fromkeys(span.origin for span in spans)
        around = dict.fromkeys(place for span in spans for place in (span, *span.callers()))
        chosen = [*own, *(place for place in around if place not in own)] if len(nodes) == 1 else list(own)
        return [self._number(place) for place in chosen[:_MOST_PLACES]]

    def _number(self, place: Span) -> int:
        if place.source not in self._sources:
            self._sources[place.source] = len(self._lines)
            self._lines.append({"name": _file_name(place.source.name), "lines": {}})
        lines = self._lines[self._sources[place.source]]["lines"]
        last = place.source.location(place.end)[0]
        after = min(last + _CONTEXT, len(place.source.line_starts)) + 1
        for number in range(max(1, place.line - _CONTEXT), after):
            lines[number] = place.source.line_text(number)
        return self._places.setdefault(place, len(self._places))

    def _rule(self, node: Node) -> int:
        key = (node.op, attrs_key(node.attrs), tuple(operand.result for operand in node.inputs))
        if key not in self._known_rules:
            self._known_rules[key] = self._rules.setdefault(gradient_rule(node), len(self._rules))
        return self._known_rules[key]

    def _op(self, name: str) -> str:
        op = REGISTRY[name]
        self._ops.setdefault(name, {"signature": f"{name}({', '.join(op.signature)})", "doc": op.doc})
        return name


def _file_name(name: str) -> str:
    """A page may go to other machines: where the file lay on this one means nothing there."""
    return Path(name).name if Path(name).is_absolute() else name


def _place(span: Span, source: int) -> Json:
    return {
        "source": source,
        "from": span.source.location(span.start),
        "to": span.source.location(max(span.end, span.start)),
    }


def _type_facts(type_: TensorType) -> Json:
    return {"type": str(type_)} | ({"dims": _dims_text(type_.symbols)} if type_.symbols else {})


def _dims_text(symbols: Iterable[str]) -> str:
    names = sorted(symbols)
    return f"{', '.join(names)}: decided by the data" if names else ""


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        text = f"[{', '.join(_value(item) for item in value)}]"
    else:
        text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST_VALUE or isinstance(value, Dim) else f"{text[:_LONGEST_VALUE]}…"
