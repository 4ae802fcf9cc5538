"""Reading a folder of cases: arrays lie end to end in flat buffers, an index says what they mean."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


class Folder:
    """A suite's index and arrays: `NAME.json` and, where there is one, `NAME.npz`."""

    def __init__(self, folder: Path, suite: str) -> None:
        self.index: dict[str, Any] = json.loads((folder / f"{suite}.json").read_text("utf-8"))
        arrays = folder / f"{suite}.npz"
        self._buffers: dict[str, Array] = {}
        if arrays.is_file():
            with np.load(arrays, allow_pickle=False) as archive:
                self._buffers = {name: archive[name] for name in archive.files}

    def array(self, ref: list[Any]) -> Array:
        """The array that `[buffer, offset, shape]` names."""
        buffer, offset, shape = ref
        return self._buffers[buffer][offset : offset + math.prod(shape)].reshape(shape)

    def maybe(self, refs: list[Any]) -> list[Array | None]:
        """Arrays, None where the index has none."""
        return [None if ref is None else self.array(ref) for ref in refs]


@dataclass(frozen=True)
class Case:
    """One call of an op, and everything that is known of it.

    Attributes:
        args, kw: the call, with tensors as `{"t": number}`.
        names: parameter names of the positional arguments.
        cot: what the gradients of each output are weighed with; None where it has no derivative.
        wrt: numbers of the inputs that are differentiated in.
        grad, hvp: by number of input, None where they are zero by construction.
        v: the directions of the second-order product.
        error: the other framework's own float32 errors of values and gradients.
    """

    id: str
    op: str
    family: str
    args: list[Any]
    kw: dict[str, Any]
    names: list[str]
    inputs: list[Array]
    outputs: list[Array]
    mutated: dict[int, Array]
    is_tuple: bool
    cot: list[Array | None]
    wrt: list[int]
    grad: dict[int, Array | None]
    v: dict[int, Array | None]
    hvp: dict[int, Array | None]
    error: tuple[float, float]
    tags: frozenset[str]


def op_cases(folder: Path) -> Iterator[Case]:
    """The cases of `ops.json`, in its order."""
    stored = Folder(folder, "ops")
    for entry in stored.index["cases"]:
        yield _case(stored, entry)


def _case(stored: Folder, entry: dict[str, Any]) -> Case:
    wrt = entry.get("wrt", [])

    def by_input(key: str) -> dict[int, Array | None]:
        return dict(zip(wrt, stored.maybe(entry.get(key, [])), strict=False))

    return Case(
        id=entry["id"],
        op=entry["op"],
        family=entry["family"],
        args=entry["args"],
        kw=entry["kw"],
        names=entry.get("names", []),
        inputs=[stored.array(ref) for ref in entry["in"]],
        outputs=[stored.array(ref) for ref in entry["out"]],
        mutated={int(key): stored.array(ref) for key, ref in entry.get("mutated", {}).items()},
        is_tuple=bool(entry.get("out_tuple")),
        cot=stored.maybe(entry.get("cot", [])),
        wrt=wrt,
        grad=by_input("grad"),
        v=by_input("v"),
        hvp=by_input("hvp"),
        error=tuple(entry["f32"]) if entry.get("f32") else (0.0, 0.0),
        tags=frozenset(entry.get("tags", [])),
    )
