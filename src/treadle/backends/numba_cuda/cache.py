"""Cubins of kernels: from the code store, or compiled.

Input: kernel sources and a target. Output: cubins in the same order. The key covers all that decides a cubin:
text, parameters, launch bounds, target, the dialect's modules and the versions of the tools. Nothing of CUDA
is imported unless something is missing (`pool.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

from treadle.backends import code_store
from treadle.backends.numba_cuda.kernel import KernelSource
from treadle.backends.numba_cuda.pool import compile_all

_TOOLS = ("numba-cuda", "numba", "llvmlite", "cuda-core", "nvidia-nvvm", "nvidia-nvjitlink")


def cubins(sources: Sequence[KernelSource], target: str) -> list[bytes]:
    """The machine code of kernels, in order; equal kernels share it.

    Raises:
        ValueError: for a target that is none.
    """
    keys = [key_of(source, target) for source in sources]
    wanted = dict(zip(keys, sources, strict=True))
    found = {key: code for key in wanted if (code := code_store.read(key)) is not None}
    missing = {key: source for key, source in wanted.items() if key not in found}
    if missing:
        made = compile_all(list(missing.values()), target)
        for key, code in zip(missing, made, strict=True):
            found[key] = code
            code_store.write(key, code)
        code_store.prune()
    return [found[key] for key in keys]


def key_of(source: KernelSource, target: str) -> str:
    """The content address of a kernel's cubin; its name does not count."""
    words = [target, *source.params, str(source.threads), str(source.blocks), source.text]
    return hashlib.sha256(_environment() + "\0".join(words).encode()).hexdigest()


@cache
def _environment() -> bytes:
    """A digest of all that decides cubins besides the kernels themselves."""
    here = Path(__file__).parent
    inlined = sorted([*here.glob("dialect*.py"), *here.glob("device_*.py"), here / "compile.py"])
    parts = [version(tool) for tool in _TOOLS]
    parts += [path.read_text(encoding="utf-8") for path in inlined]
    return hashlib.sha256("\0".join(parts).encode()).digest()
