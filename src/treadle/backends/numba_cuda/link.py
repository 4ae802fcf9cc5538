"""From a plan to launches: every call becomes the steps that a kernel or a template makes of it.

Input: plans of lowering. Output: commands and repetitions of commands, whose arguments say in which buffer
they lie, so that a launch can be placed anywhere; `unrolled` gives the flat list that a device gets.
Non-goals: choosing kernels (`choose.py`), addresses (`memory.py`), machine code (`cache.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from treadle.backends.numba_cuda.kernel import Fill, KernelSource, Launch, Pointer, Step, Steps
from treadle.lower.plan import (
    BatchCall,
    Call,
    ConvCall,
    KernelCall,
    LoopCall,
    MatmulCall,
    PackCall,
    Plan,
    walk,
)
from treadle.lower.storage import Buffer, BufferKind, Storage
from treadle.types import DType

_CONV_ROLES = {
    "conv": ("x", "w", "y"),
    "conv_input_grad": ("dy", "w", "dx"),
    "conv_filter_grad": ("x", "dy", "dw"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A byte of a buffer; `moves` are the bytes by which each enclosing loop (by number) advances it."""

    buffer: Buffer
    offset: int = 0
    moves: tuple[tuple[int, int], ...] = ()

    def at(self, iterations: Mapping[int, int]) -> Place:
        """The place in given iterations of the loops."""
        moved = sum(iterations[loop] * step for loop, step in self.moves)
        return Place(self.buffer, self.offset + moved)


@dataclass(frozen=True, eq=False, slots=True)
class Command:
    """A step whose pointers have become places; `call` is what it is a part of."""

    step: Step
    arguments: tuple[Place | int | float, ...]
    call: Call

    def at(self, iterations: Mapping[int, int]) -> Command:
        """The command in given iterations of the loops around it."""
        if not any(isinstance(value, Place) and value.moves for value in self.arguments):
            return self
        moved = (value.at(iterations) if isinstance(value, Place) else value for value in self.arguments)
        return replace(self, arguments=tuple(moved))


@dataclass(frozen=True, eq=False, slots=True)
class Repeat:
    """A loop of the plan: its body `count` times."""

    number: int
    count: int
    body: tuple[Command | Repeat, ...]


Commands = tuple[Command | Repeat, ...]


@dataclass
class Linker:
    """Links the plans of a session; remembers what each call became and the scratch that it needs."""

    choose: Callable[[Call], Steps]
    steps: dict[Call, Steps] = field(default_factory=dict)
    scratch: dict[Call, Buffer] = field(default_factory=dict)

    def prepare(self, plan: Plan) -> None:
        """Chooses the steps of all calls."""
        for call in walk(plan.calls):
            if not isinstance(call, LoopCall):
                self.steps[call] = self.choose(call)
                if size := self.steps[call].scratch_bytes:
                    self.scratch[call] = Buffer("scratch", DType.U8, size, BufferKind.ARENA)

    def sources(self) -> list[KernelSource]:
        """The distinct kernels of all plans, in order."""
        return list(dict.fromkeys(s for steps in self.steps.values() for s in steps.sources()))

    def shared(self) -> dict[KernelSource, int]:
        """The dynamic shared memory that launches of each kernel want at most."""
        most: dict[KernelSource, int] = {}
        for steps in self.steps.values():
            for step in steps.steps:
                if isinstance(step, Launch):
                    most[step.source] = max(most.get(step.source, 0), step.shared)
        return most

    def link(self, calls: Iterable[Call]) -> Commands:
        """The commands of a prepared plan's calls."""
        return tuple(command for call in calls for command in self._commands(call))

    def _commands(self, call: Call) -> Iterator[Command | Repeat]:
        if isinstance(call, LoopCall):
            yield Repeat(call.number, call.count, self.link(call.body))
            return
        roles = places_of(call)
        if call in self.scratch:
            roles["scratch"] = Place(self.scratch[call])
        for step in self.steps[call].steps:
            yield Command(step, tuple(_placed(a, roles) for a in _arguments(step)), call)


def unrolled(commands: Commands, iterations: Mapping[int, int] | None = None) -> Iterator[Command]:
    """All commands in the order of their execution, loops written out."""
    now = dict(iterations or {})
    for command in commands:
        if isinstance(command, Command):
            yield command.at(now)
        else:
            for iteration in range(command.count):
                now[command.number] = iteration
                yield from unrolled(command.body, now)


def length(commands: Commands) -> int:
    """How many commands `unrolled` gives."""
    return sum(1 if isinstance(c, Command) else c.count * length(c.body) for c in commands)


def places_of(call: Call) -> dict[str, Place]:
    """Where the roles of a call's steps lie."""
    if isinstance(call, BatchCall):
        each = [places_of(one) for one in call.calls]
        return {f"{n}.{role}": place for n, places in enumerate(each) for role, place in places.items()}
    if isinstance(call, KernelCall):
        return {
            str(number): Place(operand.buffer, 0, _in_bytes(operand.moves, operand.buffer))
            for number, operand in enumerate(call.operands)
        }
    if isinstance(call, LoopCall | PackCall):
        raise TypeError(f"{type(call).__name__} has no roles")
    return {role: _place(storage) for role, storage in _roles(call).items()}


def _roles(call: MatmulCall | ConvCall) -> dict[str, Storage]:
    if isinstance(call, MatmulCall):
        roles = {"a": call.a, "b": call.b, "c": call.c}
    else:
        roles = dict(zip(_CONV_ROLES[call.op], (*call.inputs, call.output), strict=True))
    roles |= {operand.name: operand.storage for operand in call.epilogue.operands}
    return roles | {f"out{number}": s for number, s in enumerate(call.epilogue.outputs, start=1)}


def _place(storage: Storage) -> Place:
    offset = storage.offset * storage.buffer.dtype.itemsize
    return Place(storage.buffer, offset, _in_bytes(storage.moves, storage.buffer))


def _in_bytes(moves: tuple[tuple[int, int], ...], buffer: Buffer) -> tuple[tuple[int, int], ...]:
    return tuple((loop, step * buffer.dtype.itemsize) for loop, step in moves if step)


def _arguments(step: Step) -> tuple[Pointer | int | float, ...]:
    return (step.pointer,) if isinstance(step, Fill) else step.args


def _placed(argument: Pointer | float, roles: Mapping[str, Place]) -> Place | int | float:
    if not isinstance(argument, Pointer):
        return argument
    place = roles[argument.role]
    return replace(place, offset=place.offset + argument.offset)
