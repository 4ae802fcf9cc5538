"""What every backend offers: compile graphs into a session that holds their parameters and runs them.

Graphs given to a backend are optimised, free of `grad` nodes and have static shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from treadle.errors import Diagnostic, TreadleError
from treadle.ir import Graph
from treadle.lower.cost import Cost

Array = NDArray[Any]


@dataclass(frozen=True)
class MemoryPlan:
    """Bytes that a session needs, by kind."""

    parameters: int
    states: int
    inputs: int
    activations: int  # peak of everything that lives only within a run

    @property
    def total(self) -> int:
        """All bytes together."""
        return self.parameters + self.states + self.inputs + self.activations

    def __str__(self) -> str:
        return ", ".join(f"{kind} {bytes_text(size)}" for kind, size in vars(self).items())


def bytes_text(size: int) -> str:
    """A number of bytes for people: `3.2 MiB`."""
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} B"


@dataclass(frozen=True)
class CallTime:
    """One call of a program, measured.

    Attributes:
        cost: of the call, once.
        calls: how often a run of the program makes it.
        seconds: of all of these together.
    """

    cost: Cost
    calls: int
    seconds: float


class DeviceMemoryError(TreadleError):
    """E1017: a session does not fit into the memory of its device."""

    def __init__(self, plan: MemoryPlan, free: int, hint: str = "a smaller batch needs less") -> None:
        """What the session needs, what the device has, and what helps."""
        needed = f"{bytes_text(plan.total)} are needed ({plan})"
        message = f"the device has {bytes_text(free)} of free memory, {needed}"
        super().__init__([Diagnostic("E1017", message, hint=hint)])
        self.plan = plan
        self.free = free


class Session(Protocol):
    """Compiled programs over shared parameters and states."""

    @property
    def memory(self) -> MemoryPlan:
        """What the session needs."""
        ...

    def write(self, name: str, value: np.ndarray[Any, Any]) -> None:
        """Sets a parameter or state. Raises KeyError for no such leaf, ValueError for a wrong shape."""
        ...

    def read(self, name: str) -> Array:
        """A copy of a parameter or state. Raises KeyError for no such leaf."""
        ...

    def run(self, program: str, inputs: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, Array]:
        """Runs a program: its outputs by name. Updates take effect together, after all reads.

        Raises:
            KeyError: for an unknown program or a missing input.
            ValueError: for an input of a wrong shape.
        """
        ...


class Running(Protocol):
    """A run that was started."""

    def outputs(self) -> dict[str, Array]:
        """Waits for the end of the run: its outputs by name."""
        ...


@runtime_checkable
class Overlapping(Protocol):
    """A session that computes while its caller prepares the next inputs; `run` is `start` and `outputs`."""

    def start(self, program: str, inputs: Mapping[str, np.ndarray[Any, Any]]) -> Running:
        """Starts a program. Raises as `Session.run` does."""
        ...

    def send(self, program: str, inputs: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Starts copying the inputs of a later `start` with this very mapping."""
        ...


@runtime_checkable
class Profiled(Protocol):
    """A session that can say how long each call of a program takes."""

    def profile(self, program: str, inputs: Mapping[str, np.ndarray[Any, Any]], runs: int) -> list[CallTime]:
        """Times of all calls in order, each the least of several runs. Raises as `Session.run` does."""
        ...


class Backend(Protocol):
    """A way to run graphs."""

    @property
    def name(self) -> str:
        """What the user calls it."""
        ...

    def compile(self, programs: Mapping[str, Graph], *, threads: int | None = None) -> Session:
        """Compiles graphs that share leaves by name. Raises ValueError when the types of a leaf differ."""
        ...
