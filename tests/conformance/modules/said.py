"""A module as a spec: the lines of a model, its outputs, and where each leaf takes its numbers from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..cases import Array, Folder

Refs = Mapping[str, list[Any]]


def same(array: Array) -> Array:
    """An array as it is."""
    return array


def turned(array: Array) -> Array:
    """Weights [out, in] as [in, out]."""
    return np.swapaxes(array, -1, -2)


@dataclass(frozen=True)
class Pick:
    """The numbers of a leaf: those of a parameter of theirs, changed in form.

    Of several parameters the sum: ours stands for all of them, so each has the gradient that ours has.
    """

    names: Sequence[str]
    change: Callable[[Array], Array] = same

    def value(self, params: Mapping[str, Array]) -> Array:
        """What the leaf is set to."""
        return self.change(sum((params[name] for name in self.names[1:]), params[self.names[0]]))

    def gradients(self, gradients: Mapping[str, Array]) -> list[Array]:
        """What the gradient of the leaf must be, once for each parameter."""
        return [self.change(gradients[name]) for name in self.names]


def pick(*names: str, change: Callable[[Array], Array] = same) -> Pick:
    """A leaf from parameters of these names."""
    return Pick(names, change)


@dataclass(frozen=True)
class Said:
    """A module in Treadle.

    Attributes:
        lines: of the model's body; inputs of theirs called `x` are `in_x` here.
        results: an expression for each output of theirs.
        leaves: by path of ours.
    """

    lines: Sequence[str]
    results: Mapping[str, str]
    leaves: Mapping[str, Pick] = field(default_factory=dict)


@dataclass(frozen=True)
class Module:
    """A case of `modules.json`."""

    stored: Folder
    entry: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its name."""
        return str(self.entry["id"])

    @property
    def kind(self) -> str:
        """The class of theirs."""
        return str(self.entry["module"])

    @property
    def config(self) -> Mapping[str, Any]:
        """The arguments that it was built with."""
        config: Mapping[str, Any] = self.entry["config"]
        return config

    @property
    def calls(self) -> list[Mapping[str, Any]]:
        """The calls in training mode, one after the other."""
        return list(self.entry.get("steps") or [self.entry])

    def arrays(self, refs: Refs | None) -> dict[str, Array]:
        """The arrays of a group of refs."""
        return {name: self.stored.array(ref) for name, ref in (refs or {}).items() if ref is not None}

    def group(self, name: str) -> dict[str, Array]:
        """The arrays of a group of the case, such as `params`."""
        return self.arrays(self.entry.get(name))


def modules(stored: Folder) -> Iterator[Module]:
    """All cases, in their order."""
    return (Module(stored, entry) for entry in stored.index["cases"])


def typed(array: Array) -> str:
    """The type of an input."""
    kind = {"f": "f32", "i": "i64", "b": "bool"}[array.dtype.kind]
    return f"{kind}[{', '.join(map(str, array.shape))}]"


def spec_of(said: Said, call: Mapping[str, Array], cots: Mapping[str, Array]) -> str:
    """The text of a model that computes all results, and `weighed`, the sum that is differentiated."""
    lines = [f"input in_{name}: {typed(array)}" for name, array in call.items()]
    lines += [f"input cot_{name}: {typed(array)}" for name, array in cots.items()]
    lines += said.lines
    lines += [f"made_{name} = {expression}" for name, expression in said.results.items()]
    lines += [f"output out_{name} = made_{name}" for name in said.results]
    terms = " + ".join(f"sum(made_{name} * cot_{name})" for name in cots)
    body = "\n".join(f"  {line}" for line in [*lines, f"output weighed = {terms}"])
    return f"model Case {{\n{body}\n}}\n"
