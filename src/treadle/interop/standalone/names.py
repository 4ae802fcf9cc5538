"""Names in exported modules: those of the spec where it gives one, else what an op is called for.

Input: nodes, with the places in the spec that they come from. Output: identifiers. Non-goals: making names
different from each other in a function, but for `Names`.
"""

from __future__ import annotations

import builtins
import dataclasses
import keyword
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from treadle.frontend import ast
from treadle.frontend.parser import parse
from treadle.ir import Node
from treadle.source import Source, Span

RESERVED = frozenset(
    {*keyword.kwlist, *keyword.softkwlist, *dir(builtins)}
    | {"np", "math", "sys", "Path", "Any", "Array", "njit", "prange", "load"}
)
_WORDS = {
    "matmul": "product", "conv": "maps", "relu": "active", "exp": "e", "max": "top", "min": "bottom",
    "sum": "total", "random_uniform": "draw", "random_normal": "draw", "where": "chosen", "take": "rows",
    "transpose": "turned", "reshape": "shaped", "lt": "mask", "le": "mask", "gt": "mask", "ge": "mask",
    "eq": "same", "ne": "different", "div": "ratio", "mul": "scaled", "add": "added", "sub": "rest",
    "neg": "minus",
    "concat": "joined", "slice": "part", "pad": "padded", "cast": "cast_", "windows": "patches",
    "fold_windows": "unfolded", "argmax": "best", "argmin": "worst", "iota": "places", "const": "fixed",
    "broadcast_to": "spread", "sqrt": "root", "rsqrt": "inverse_root", "pow": "power_", "scan": "steps",
    "conv_input_grad": "maps_grad", "conv_filter_grad": "filters_grad", "log": "logarithm", "table": "table",
    "reciprocal": "inverse", "scatter_add": "sums", "is_finite": "finite", "logical_not": "not_",
    "logical_and": "both", "logical_or": "either", "abs": "size", "round": "rounded", "maximum": "larger",
    "minimum": "smaller", "take_along": "picked", "flip": "flipped", "item": "result", "sign": "sign",
}  # fmt: skip


class Names:
    """The identifiers of one function, or of the module: each is given once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {*RESERVED, *taken}

    def new(self, wanted: str) -> str:
        """An identifier like the one wanted."""
        base = identifier(wanted)
        name, number = base, 1
        while name in self._taken:
            number += 1
            name = f"{base}{'_' if base[-1].isdigit() else ''}{number}"
        self._taken.add(name)
        return name


def identifier(text: str) -> str:
    """A text as a Python identifier: `block[2].attn` is `block_2_attn`; keywords end in `_`."""
    plain = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", text)).strip("_") or "value"
    plain = plain if plain.isidentifier() else f"v_{plain}"
    return f"{plain}_" if plain in RESERVED else plain


def leaf_word(name: str) -> str:
    """What a leaf is called inside of its layer: `block[2].attn.W_q` is `W_q`, `adam.m:dense.W` is `m`."""
    return name.partition(":")[0].rpartition(".")[2] if ":" in name else name.rpartition(".")[2]


def scope_word(scope: str) -> str:
    """What a layer is called without its number: `encoder.block[2].attn` is `attn`, `dense_2` is `dense`."""
    last = scope.rpartition(".")[2].partition("[")[0]
    return re.sub(r"_\d+$", "", last)


def op_word(node: Node) -> str:
    """What a value is called after the op that makes it."""
    return _WORDS.get(node.op, node.op)


@dataclasses.dataclass(frozen=True)
class Definition:
    """A definition of a spec: its kind (`fn`, `layer`, `model`, ...) and name."""

    kind: str
    name: str
    span: Span


class SpecNames:
    """What the texts of specs call their values and definitions."""

    def __init__(self) -> None:
        self._values: dict[Source, dict[tuple[int, int], str]] = {}
        self._definitions: dict[Source, list[Definition]] = {}

    def value(self, node: Node) -> str | None:
        """The name that the spec gives to the value of a node."""
        if node.span is None:
            return None
        self._read(node.span.source)
        return self._values[node.span.source].get((node.span.start, node.span.end))

    def definition(self, node: Node) -> Definition | None:
        """The definition that a node is written in."""
        if node.span is None:
            return None
        self._read(node.span.source)
        inside = [
            found
            for found in self._definitions[node.span.source]
            if found.span.start <= node.span.start and node.span.end <= found.span.end
        ]
        return inside[-1] if inside else None

    def _read(self, source: Source) -> None:
        if source in self._values:
            return
        spec = parse(source)
        self._values[source] = dict(_assigned(spec))
        self._definitions[source] = [
            Definition(type(item).__name__, item.name, item.span)
            for item in spec.blocks
            if isinstance(item, ast.Definition | ast.Model)
        ]


def _assigned(item: Any) -> Iterator[tuple[tuple[int, int], str]]:
    """The places of values that are given one name."""
    if isinstance(item, ast.Assign) and len(item.targets) == 1:
        yield (item.value.span.start, item.value.span.end), item.targets[0].id
    if dataclasses.is_dataclass(item):
        for field in dataclasses.fields(item):
            yield from _assigned(getattr(item, field.name))
    elif isinstance(item, tuple):
        for part in item:
            yield from _assigned(part)
