"""Generation: running a trained model to make sequences, images or arrays.

Input: a `GeneratePlan`, values of the model's leaves, a prompt in numbers. Output: sequences of numbers, or
arrays by name. The draws are made by the compiled graph, keyed by the seed and the number of the step; only
the bookkeeping of sequences is done here. Non-goals: text (`vocabulary`), pictures (`plots`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from treadle.backends.protocol import Array, Session
from treadle.driver import Program, compile_programs, restrict
from treadle.errors import fail
from treadle.frontend.result import POSITION_INPUT, GeneratePlan, SequencePlan
from treadle.ir import Graph
from treadle.train.beams import Beams
from treadle.train.evaluation import run_program
from treadle.types import Dim

_PROGRAM = "generate"
_CONTEXT = 64  # symbols that a model of any length sees when nothing says how many
_CARRY = "carry:"


@dataclass(frozen=True)
class Wish:
    """How much to make, and how.

    Attributes:
        prompt: the symbols that every sequence begins with.
        length: how many symbols are added at most.
        until: the symbols that end a sequence; none when it is empty.
        beam: how many beginnings beam search keeps; 0 draws.
    """

    count: int
    seed: int
    prompt: Sequence[int] = ()
    length: int = 100
    until: Sequence[int] = ()
    context: int | None = None
    beam: int = 0
    penalty: float = 1.0


def generate_arrays(
    plan: GeneratePlan,
    leaves: Mapping[str, Array],
    wish: Wish,
    given: Mapping[str, Array],
    device: str = "cpu",
    threads: int | None = None,
) -> dict[str, Array]:
    """The results of a block that is no sequence: `images:NAME`, `arrays:NAME`; `given` are its inputs."""
    graph = restrict(plan.graph, lambda _name: True)
    _check_given(plan, graph, given)
    sizes = dict.fromkeys(graph.symbols(), wish.count) | _known_sizes(graph, given)
    session = _session(plan, graph, leaves, sizes, device, threads)
    return run_program(session, _PROGRAM, frozenset(graph.inputs), given, key=(wish.seed, 0), step=0)


def generate_sequences(
    plan: GeneratePlan,
    leaves: Mapping[str, Array],
    wish: Wish,
    given: Mapping[str, Array],
    device: str = "cpu",
    threads: int | None = None,
) -> list[list[int]]:
    """Sequences of symbols, prompt and all; by beam search the likeliest first."""
    continuation = _Continuation(plan, leaves, wish, given, (device, threads))
    return continuation.search() if wish.beam else continuation.draw()


class _Continuation:
    """A model that continues some rows of symbols at once."""

    def __init__(
        self,
        plan: GeneratePlan,
        leaves: Mapping[str, Array],
        wish: Wish,
        given: Mapping[str, Array],
        runs_on: tuple[str, int | None],
    ) -> None:
        assert plan.sequence is not None  # noqa: S101 - the caller has looked
        self.sequence: SequencePlan = plan.sequence
        self.wish = wish
        self.rows = wish.beam or wish.count
        self.graph = restrict(plan.graph, lambda _name: True)
        self.width = self._width(plan)
        own = {self.sequence.symbols, *self.sequence.carried, POSITION_INPUT}
        _check_given(plan, self.graph, given, apart=own)
        self.given = {name: self._repeated(array) for name, array in given.items()}
        sizes = dict.fromkeys(self.graph.symbols(), self.width) | _known_sizes(self.graph, self.given)
        sizes |= {plan.batch: self.rows} if plan.batch else {}
        self.session = _session(plan, self.graph, leaves, sizes, *runs_on)
        inputs = self.graph.inputs
        self.carried = {
            name: np.zeros(_shape(inputs[name].type.shape, sizes), inputs[name].type.dtype.numpy_name)
            for name in self.sequence.carried
            if name in inputs
        }
        self.symbols = [list(wish.prompt) or [0] for _ in range(self.rows)]
        self.start = len(self.symbols[0])
        self.step = 0

    def draw(self) -> list[list[int]]:
        """Adds drawn symbols to every row until its end."""
        ended = [False] * self.rows
        for _ in range(self.wish.length):
            drawn = self._next()["next"]
            for row, symbols in enumerate(self.symbols):
                symbols.append(int(drawn[row]))
                ended[row] = ended[row] or self._is_end(symbols[self.start :])
            if all(ended):
                break
        return [self._cut(symbols) for symbols in self.symbols]

    def search(self) -> list[list[int]]:
        """The likeliest continuations that beam search finds."""
        prompt = list(self.symbols[0])
        beams = Beams(self.wish.beam, self.wish.length, self.wish.penalty, self._is_end)
        for _ in range(self.wish.length):
            parents = beams.grow(self._next()["scores"])
            if beams.done:
                break
            order = [*parents, *[0] * (self.rows - len(parents))]
            self.carried = {name: array[order] for name, array in self.carried.items()}
            alive = [*beams.alive, *[beams.alive[0]] * (self.rows - len(beams.alive))]
            self.symbols = [prompt + list(sequence) for sequence in alive]
        return [prompt + list(one.symbols) for one in beams.results(self.wish.count)]

    def _next(self) -> dict[str, Array]:
        """The scores and draws that follow; a model of single symbols is fed those that it has not seen."""
        if not self.sequence.carried:
            return self._run(self._window(), len(self.symbols[0]) - 1)
        outputs: dict[str, Array] = {}
        unseen = len(self.symbols[0]) if self.step == 0 else 1
        for place in range(len(self.symbols[0]) - unseen, len(self.symbols[0])):
            latest = np.array([symbols[place] for symbols in self.symbols])
            one = latest if self._rank() == 1 else latest[:, None]
            outputs = self._run(one, 0)
            self.carried = {name: outputs[_CARRY + name] for name in self.carried}
        return outputs

    def _run(self, symbols: Array, place: int) -> dict[str, Array]:
        position = min(place, self.width - 1)
        dtype = self.graph.inputs[self.sequence.symbols].type.dtype.numpy_name
        inputs = {**self.given, **self.carried, self.sequence.symbols: symbols.astype(dtype)}
        inputs[POSITION_INPUT] = np.array(position)
        wanted = frozenset(self.graph.inputs)
        self.step += 1
        return run_program(
            self.session, _PROGRAM, wanted, inputs, key=(self.wish.seed, self.step), step=self.step
        )

    def _window(self) -> Array:
        """The latest symbols; shorter ones are filled behind for models of all places, else in front."""
        latest = np.array([symbols[-self.width :] for symbols in self.symbols])
        if self._rank() == 1:
            return np.asarray(latest[:, -1])
        missing = self.width - latest.shape[1]
        before, behind = (0, missing) if self.sequence.whole else (missing, 0)
        return np.pad(latest, ((0, 0), (before, behind)))

    def _is_end(self, symbols: Sequence[int]) -> bool:
        until = tuple(self.wish.until)
        return bool(until) and tuple(symbols[-len(until) :]) == until

    def _cut(self, symbols: list[int]) -> list[int]:
        """A row without what was drawn after its end."""
        lengths = range(self.start + 1, len(symbols) + 1)
        ends = (n for n in lengths if self._is_end(symbols[self.start : n]))
        return symbols[: next(ends, len(symbols))]

    def _repeated(self, array: Array) -> Array:
        """Examples for every row; a beam search continues the first one alone."""
        return np.resize(array[:1] if self.wish.beam else array, (self.rows, *array.shape[1:]))

    def _rank(self) -> int:
        return self.graph.inputs[self.sequence.symbols].type.rank

    def _width(self, plan: GeneratePlan) -> int:
        """How many symbols the model sees at once."""
        shape = plan.graph.inputs[self.sequence.symbols].type.shape
        if len(shape) == 1 or self.sequence.carried:
            return 1
        return shape[1] if isinstance(shape[1], int) else self.wish.context or _CONTEXT


def _shape(shape: Sequence[int | Dim], sizes: Mapping[str, int]) -> tuple[int, ...]:
    bound = (dim.substitute(sizes) if isinstance(dim, Dim) else dim for dim in shape)
    return tuple(int(str(dim)) for dim in bound)


def _known_sizes(graph: Graph, given: Mapping[str, Array]) -> dict[str, int]:
    """The sizes of dimensions that examples tell, such as the length of what is translated."""
    shapes = ((graph.inputs[name].type.shape, array.shape) for name, array in given.items())
    pairs = ((dim, size) for dims, sizes in shapes for dim, size in zip(dims, sizes, strict=True))
    names = graph.symbols()
    return {str(dim): size for dim, size in pairs if str(dim) in names}


def _session(
    plan: GeneratePlan,
    graph: Graph,
    leaves: Mapping[str, Array],
    sizes: Mapping[str, int],
    device: str,
    threads: int | None,
) -> Session:
    session = compile_programs({_PROGRAM: Program(graph, sizes)}, device, threads)
    for name in graph.leaves():
        if name not in leaves:
            fail("E0803", f"there is no value for `{name}`", plan.span)
        session.write(name, leaves[name])
    return session


def _check_given(
    plan: GeneratePlan, graph: Graph, given: Mapping[str, Array], apart: set[str] | None = None
) -> None:
    """Every input of the graph that generation does not make itself must be given."""
    for name in graph.inputs:
        if not name.startswith("$") and name not in given and name not in (apart or set()):
            hint = f"name data that has it: `generate {plan.model.name} on DATA`"
            fail("E1204", f"the result depends on the input `{name}`", plan.span, hint=hint)
