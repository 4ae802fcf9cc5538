"""Bringing calls of the same kernel together, where one launch can do all of them.

Input: the calls of a plan. Output: the same calls, in which a call has moved up to an earlier one that a
target makes the same kernel of, if it overtakes nothing that it depends on; what belongs together is one
`BatchCall`. For the many parameters of an optimizer, and the norms of their gradients. Loops keep their
bodies.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from treadle.lower.plan import BatchCall, Call, KernelCall, touched
from treadle.lower.storage import Buffer

Key = Callable[[KernelCall], Hashable | None]
"""What calls must have in common; None for a call that stays alone."""


@dataclass
class _Group:
    """Calls that become one."""

    key: Hashable | None
    calls: list[Call] = field(default_factory=list)
    reads: set[Buffer] = field(default_factory=set)
    writes: set[Buffer] = field(default_factory=set)

    def add(self, call: Call) -> None:
        reads, writes = touched(call)
        self.calls.append(call)
        self.reads |= reads
        self.writes |= writes

    def precedes(self, reads: set[Buffer], writes: set[Buffer]) -> bool:
        """Whether what touches these buffers must stay behind the group."""
        return bool(self.writes & (reads | writes)) or bool(self.reads & writes)

    def one(self) -> Call:
        if len(self.calls) == 1:
            return self.calls[0]
        return BatchCall(tuple(call for call in self.calls if isinstance(call, KernelCall)))


def batched(calls: Sequence[Call], key: Key, most: int) -> tuple[Call, ...]:
    """The calls in batches of at most `most`."""
    groups: list[_Group] = []
    for call in calls:
        wanted = key(call) if isinstance(call, KernelCall) else None
        home = None if wanted is None else _home(groups, call, wanted, most)
        if home is None:
            home = _Group(wanted)
            groups.append(home)
        home.add(call)
    return tuple(group.one() for group in groups)


def _home(groups: list[_Group], call: Call, wanted: Hashable, most: int) -> _Group | None:
    """The latest group of the same kernel that the call can join without overtaking what it depends on."""
    reads, writes = touched(call)
    for group in reversed(groups):
        if group.precedes(reads, writes):
            return None
        if group.key == wanted and len(group.calls) < most:
            return group
    return None
