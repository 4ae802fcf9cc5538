"""Running the commands of a program: launched one by one at first, then captured once and replayed.

Input: commands, the address of each buffer, loaded kernels. Output: work on a stream. The first run is plain,
so that a mistake shows where it is made; the second is captured into graphs of at most `GRAPH_LIMIT`
commands, which every later run replays. A program of more than `CAPTURE_LIMIT` commands, a very long scan, is
launched command by command each time: its graphs would need more memory than they save time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise

from treadle.backends.numba_cuda.driver_api import Bound, Driver, Handle
from treadle.backends.numba_cuda.kernel import Fill, KernelSource, Product, Step
from treadle.backends.numba_cuda.link import Command, Commands, Place, length, unrolled
from treadle.backends.protocol import CallTime
from treadle.lower.cost import cost_of
from treadle.lower.plan import Call
from treadle.lower.storage import Buffer

GRAPH_LIMIT = 10_000
CAPTURE_LIMIT = 200_000


class Replay:
    """A program that can be run again and again."""

    def __init__(
        self,
        driver: Driver,
        commands: Commands,
        addresses: Mapping[Buffer, int],
        kernels: Mapping[KernelSource, Handle],
    ) -> None:
        self.commands = commands
        self._driver = driver
        self._addresses = addresses
        self._kernels = kernels
        self._graphs: list[Handle] = []
        self._has_run = False

    def run(self, stream: Handle) -> None:
        """Puts the program's work on a stream."""
        if self._has_run and not self._graphs and length(self.commands) <= CAPTURE_LIMIT:
            self._graphs = list(self._captured(stream))
        for graph in self._graphs:
            self._driver.replay(graph, stream)
        if not self._graphs:
            for command in unrolled(self.commands):
                self.start(command, stream)
        self._has_run = True

    def start(self, command: Command, stream: Handle) -> None:
        """Puts one command on a stream."""
        step = command.step
        values = tuple(self._value(value) for value in command.arguments)
        if isinstance(step, Fill):
            self._driver.fill(int(values[0]), step.value, step.count, stream)
        elif isinstance(step, Product):
            self._driver.multiply(step, tuple(map(int, values)), stream)
        else:
            bound = Bound(step.source, step.grid, step.block, values, step.shared)
            self._driver.launch(self._kernels[step.source], bound, stream)

    def measure(self, stream: Handle, runs: int) -> list[CallTime]:
        """The time of every call: the least of several replays with marks between the commands.

        Marks inside of a graph leave out the time that it takes to start a kernel from here.
        """
        seconds: dict[Call, float] = {}
        calls: Counter[tuple[Call, Step]] = Counter()
        commands = unrolled(self.commands)
        while part := list(islice(commands, GRAPH_LIMIT)):
            for command, spent in zip(part, self._measured(part, stream, runs), strict=True):
                seconds[command.call] = seconds.get(command.call, 0.0) + spent
                calls[command.call, command.step] += 1
        often = {call: count for (call, _step), count in calls.items()}
        return [CallTime(cost_of(call), often[call], spent) for call, spent in seconds.items()]

    def _measured(self, part: Sequence[Command], stream: Handle, runs: int) -> list[float]:
        marks = [self._driver.new_event() for _ in range(len(part) + 1)]
        self._driver.begin_capture(stream)
        self._driver.mark(marks[0], stream)
        for command, mark in zip(part, marks[1:], strict=True):
            self.start(command, stream)
            self._driver.mark(mark, stream)
        graph, done = self._driver.end_capture(stream), self._driver.new_event()
        tried = []
        for _ in range(runs):
            self._driver.replay(graph, stream)
            self._driver.record(done, stream)
            self._driver.finish(done)
            tried.append([self._driver.seconds(one, other) for one, other in pairwise(marks)])
        return [min(times) for times in zip(*tried, strict=True)]

    def _value(self, value: Place | float) -> int | float:
        return self._addresses[value.buffer] + value.offset if isinstance(value, Place) else value

    def _captured(self, stream: Handle) -> Iterator[Handle]:
        commands = unrolled(self.commands)
        while part := list(islice(commands, GRAPH_LIMIT)):
            self._driver.begin_capture(stream)
            for command in part:
                self.start(command, stream)
            yield self._driver.end_capture(stream)
