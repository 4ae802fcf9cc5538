"""Inputs on their way to the device, and outputs on their way back, while the device computes.

Input: arrays by name. Output: their bytes where a program reads them. A group of inputs is written into
page-locked memory, copied to a place where it waits on a stream of its own, and moved from there to the fixed
addresses that captured graphs read, in front of the run that wants it. Two groups can be on their way, so
that the next one travels while the step before is running. Non-goals: running programs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from treadle.backends.numba_cuda.driver_api import Bytes, Driver, Handle
from treadle.backends.numba_cuda.memory import Group
from treadle.backends.protocol import Array
from treadle.lower.storage import Storage
from treadle.ops.halves import from_words, to_words, word_type


@dataclass(eq=False)
class Slot:
    """A place where a group of inputs waits.

    Attributes:
        address: of the device memory.
        host: page-locked memory of the same size.
        arrived: happens when the copy to the device is done.
        taken: happens when the program has its inputs and the slot is free again.
        content: the group and the arrays that wait here.
    """

    address: int
    host: Bytes
    arrived: Handle
    taken: Handle
    content: tuple[Group, Mapping[str, Any]] | None = None
    is_used: bool = False


class Inputs:
    """The way of inputs to the device."""

    def __init__(self, driver: Driver, addresses: list[int], size: int) -> None:
        """Slots of `size` bytes at the given device addresses."""
        self._driver = driver
        self._stream = driver.new_stream()
        self._slots = [
            Slot(address, driver.host_memory(size), driver.new_event(), driver.new_event())
            for address in addresses
        ]

    def send(self, group: Group, values: Mapping[str, Any]) -> Slot:
        """Starts copying a group of inputs; waits only for a slot whose last copy is still under way.

        Raises:
            KeyError: for a missing input.
            ValueError: for one of a wrong shape.
        """
        arrays = {name: as_input(name, storage, values) for name, storage in group.tensors.items()}
        slot = self._slots.pop(0)
        self._slots.append(slot)
        if slot.is_used:
            self._driver.finish(slot.arrived)
            self._driver.wait(self._stream, slot.taken)
        for name, array in arrays.items():
            part = slot.host[group.offsets[name] : group.offsets[name] + array.nbytes]
            part[:] = array.reshape(-1).view(np.uint8)
        if group.size:
            self._driver.upload(slot.address, slot.host[: group.size], self._stream)
        self._driver.record(slot.arrived, self._stream)
        slot.is_used, slot.content = True, (group, values)
        return slot

    def take(self, group: Group, values: Mapping[str, Any], target: int, stream: Handle) -> None:
        """Moves a group to the place where the program reads it; sends it now if that was not done before.

        Raises:
            KeyError, ValueError: see `send`.
        """
        slot = self._waiting(group, values) or self.send(group, values)
        self._driver.wait(stream, slot.arrived)
        if group.size:
            self._driver.copy(target, slot.address, group.size, stream)
        self._driver.record(slot.taken, stream)
        slot.content = None

    def _waiting(self, group: Group, values: Mapping[str, Any]) -> Slot | None:
        for slot in self._slots:
            if slot.content and slot.content[0] is group and slot.content[1] is values:
                return slot
        return None


class Outputs:
    """The way of a program's outputs back."""

    def __init__(self, driver: Driver, group: Group, address: int) -> None:
        self._driver = driver
        self._group = group
        self._address = address
        self._host = driver.host_memory(group.size)
        self._ready = driver.new_event()

    def fetch(self, stream: Handle) -> None:
        """Starts copying the outputs once the work that is on the stream is done."""
        if self._group.size:
            self._driver.download(self._host, self._address, stream)
        self._driver.record(self._ready, stream)

    def collect(self) -> dict[str, Array]:
        """Waits for the outputs: arrays of their own, by name."""
        self._driver.finish(self._ready)
        offsets = self._group.offsets
        return {
            name: from_words(view(self._host, offsets[name], s).copy(), s.buffer.dtype)
            for name, s in self._group.tensors.items()
        }


def as_input(name: str, storage: Storage, values: Mapping[str, Any]) -> NDArray[Any]:
    """A contiguous array of the input's elements as they lie in memory.

    Raises:
        KeyError: for a missing input.
        ValueError: for one of a wrong shape.
    """
    if name not in values:
        raise KeyError(f"input {name} is missing")
    array = to_words(values[name], storage.buffer.dtype)
    if array.shape != storage.shape:
        raise ValueError(f"input {name} must have shape {storage.shape}, not {array.shape}")
    return array


def view(memory: Bytes, offset: int, storage: Storage) -> NDArray[Any]:
    """The elements of a contiguous tensor in host memory."""
    dtype = word_type(storage.buffer.dtype)
    size = storage.buffer.elements * dtype.itemsize
    return memory[offset : offset + size].view(dtype)[: int(np.prod(storage.shape))].reshape(storage.shape)
