"""Parameters or states of a network as a mapping by name."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from treadle.api.leaves import Leaves
from treadle.backends.protocol import Array


class View(MutableMapping[str, Array]):
    """Leaves of one kind, as a mapping by name."""

    def __init__(self, leaves: Leaves, kind: str) -> None:
        """A window on all leaves of a kind."""
        self._leaves = leaves
        self._names = [name for name in leaves if leaves.infos[name].kind == kind]

    def __getitem__(self, name: str) -> Array:
        if name not in self._names:
            raise KeyError(name)
        return self._leaves.read(name)

    def __setitem__(self, name: str, value: Any) -> None:
        self._leaves.write(name, value)

    def __delitem__(self, name: str) -> None:
        raise TypeError(f"{name} belongs to the network")

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
