"""Parameters and states that several sessions share: each is read where it was changed last.

A session is compiled for one size of batch; what one of them learns must be known to the next. Values are
copied when another session needs them, never in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from treadle.api.arrays import as_declared
from treadle.backends.protocol import Array, Session
from treadle.errors import did_you_mean, fail
from treadle.frontend.result import LeafInfo
from treadle.train.data.table import array_type


@dataclass(eq=False)
class Holder:
    """A session, the leaves that its programs use, and which version of each it has."""

    session: Session
    names: frozenset[str]
    versions: dict[str, int] = field(default_factory=dict)


class Leaves:
    """Values by leaf name."""

    def __init__(self, infos: Mapping[str, LeafInfo], values: Mapping[str, Array]) -> None:
        """Starts from these values."""
        self.infos = infos
        self._values = dict(values)
        self._versions = dict.fromkeys(values, 0)
        self._holders: dict[str, Holder] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)

    def read(self, name: str) -> Array:
        """A copy of a value."""
        holder = self._holders.get(name)
        return self._values[name].copy() if holder is None else holder.session.read(name)

    def write(self, name: str, value: object) -> None:
        """Sets a value.

        Raises:
            TreadleError: E0805 for an unknown name, E0804 for another shape, E0704 for no numbers.
        """
        if name not in self._versions:
            fail("E0805", f"there is no parameter or state `{name}`", hint=did_you_mean(name, self._versions))
        type_ = self.infos[name].type
        array = as_declared(name, value, type_)
        if array.shape != type_.static_shape():
            fail("E0804", f"`{name}` is {type_}, the value is {array_type(array)}")
        self._holders.pop(name, None)
        self._values[name] = np.array(array)
        self._versions[name] += 1

    def enter(self, holder: Holder) -> None:
        """Brings a session up to date."""
        for name in holder.names:
            if holder.versions.get(name) != self._versions[name]:
                holder.session.write(name, self.read(name))
                holder.versions[name] = self._versions[name]

    def changed(self, holder: Holder, names: Iterable[str]) -> None:
        """Notes that a session has the newest value of these."""
        for name in names:
            self._versions[name] += 1
            holder.versions[name] = self._versions[name]
            self._holders[name] = holder
            self._values.pop(name, None)
