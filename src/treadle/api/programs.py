"""The programs behind a network's methods, each compiled when it is first needed for these sizes.

Input: a model, and the train block if there is one. Output: runs of programs on arrays. Leaves are shared by
all programs (`leaves.py`). Non-goals: reading what callers give (`arrays.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from treadle.api.leaves import Holder, Leaves
from treadle.backends.protocol import Array
from treadle.driver import Program, compile_programs
from treadle.ir import Graph
from treadle.train.evaluation import given_inputs
from treadle.types import DType


@dataclass(frozen=True)
class Job:
    """A graph that can be run: what it is called, its element type of products, what it reads and changes."""

    name: str
    graph: Graph
    precision: DType = DType.F32

    @cached_property
    def inputs(self) -> frozenset[str]:
        """The inputs that its results depend on, the random key and the step number included."""
        needed = self.graph.ancestors(self.graph.roots())
        return frozenset(name for name, node in self.graph.inputs.items() if node.id in needed)

    @cached_property
    def reads(self) -> list[str]:
        """The inputs that come from the caller, in order of declaration."""
        return [name for name in self.graph.inputs if name in self.inputs and not name.startswith("$")]

    @cached_property
    def symbols(self) -> list[str]:
        """The symbolic dimensions, in alphabetical order."""
        return sorted(self.graph.symbols())


class Runner:
    """Compiles and runs jobs."""

    def __init__(self, leaves: Leaves, device: str, threads: int | None) -> None:
        """Nothing is compiled yet."""
        self._leaves = leaves
        self._device = device
        self._threads = threads
        self._holders: dict[tuple[str, tuple[tuple[str, int], ...]], Holder] = {}

    def run(
        self,
        job: Job,
        inputs: Mapping[str, Array],
        sizes: Mapping[str, int],
        *,
        key: tuple[int, int],
        step: int = 0,
    ) -> dict[str, Array]:
        """The outputs of a job; its updates are kept.

        Raises:
            TreadleError: see `driver.compile_programs`.
        """
        holder = self._holder(job, sizes)
        self._leaves.enter(holder)
        outputs = holder.session.run(job.name, given_inputs(job.inputs, inputs, key, step))
        self._leaves.changed(holder, job.graph.updates)
        return outputs

    def _holder(self, job: Job, sizes: Mapping[str, int]) -> Holder:
        needed = {name: sizes[name] for name in job.symbols}
        key = (job.name, tuple(needed.items()))
        if key not in self._holders:
            program = Program(job.graph, needed, job.precision)
            session = compile_programs({job.name: program}, self._device, self._threads)
            self._holders[key] = Holder(session, frozenset(job.graph.leaves()))
        return self._holders[key]
