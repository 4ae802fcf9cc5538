"""Kernel sources -> loaded kernels: cache look-up, compilation of what is missing by several processes,
loading.

Input: a batch of `KernelSource`. Output: `KernelCode` in the same order. numba is imported only if something
is missing from the cache. Non-goals: choosing or printing kernels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.backends.numba_cpu import cache, objects
from treadle.backends.numba_cpu.kernel import KernelCode, KernelSource
from treadle.backends.numba_cpu.pool import compile_with_helpers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_loaded: dict[str, KernelCode] = {}


def compile_kernels(sources: Sequence[KernelSource]) -> list[KernelCode]:
    """Return loaded kernels for the sources, in order; equal texts share one kernel.

    Raises `objects.LinkError` if a kernel needs a symbol that neither Treadle nor the C library has.
    """
    keys = [cache.key_of(source) for source in sources]
    wanted = {key: source for key, source in zip(keys, sources, strict=True) if key not in _loaded}
    if wanted:
        _load(wanted, _find_or_compile(wanted))
    return [_loaded[key] for key in keys]


def symbol_of(key: str) -> str:
    """Return the name that a kernel's object code exports."""
    return f"treadle_{key}"


def _find_or_compile(wanted: Mapping[str, KernelSource]) -> dict[str, bytes]:
    found = {key: code for key in wanted if (code := cache.read(key)) is not None}
    missing = {key: source for key, source in wanted.items() if key not in found}
    if missing:
        compiled = compile_with_helpers({symbol_of(key): source for key, source in missing.items()})
        for key in missing:
            found[key] = compiled[symbol_of(key)]
            cache.write(key, found[key])
        cache.prune()
    return found


def _load(wanted: Mapping[str, KernelSource], codes: Mapping[str, bytes]) -> None:
    addresses, keeper = objects.load_objects({symbol_of(key): codes[key] for key in wanted})
    for key, source in wanted.items():
        _loaded[key] = KernelCode(source.name, key, addresses[symbol_of(key)], keeper)
