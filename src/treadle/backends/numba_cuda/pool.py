"""Compiling many kernels: in this process and, at the same time, in helper processes.

Input: kernel sources and a target. Output: cubins in the same order. Compilation is bound to one Python
process each, so threads would not help; a helper pays for its start from a few kernels on.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

from treadle.backends.numba_cuda.kernel import KernelSource

_SOURCES_PER_HELPER = 4  # a product takes longer to compile than a helper to import numba
_MOST_HELPERS = 7


def compile_all(sources: Sequence[KernelSource], target: str) -> list[bytes]:
    """Cubins for all sources; what a helper fails at is compiled here."""
    parts = 1 + min(_cores() - 1, len(sources) // _SOURCES_PER_HELPER, _MOST_HELPERS)
    longest_first = sorted(range(len(sources)), key=lambda place: -len(sources[place].text))
    shares = [longest_first[part::parts] for part in range(parts)]
    made: dict[int, bytes] = {}
    with ThreadPoolExecutor(parts) as threads:
        helped = [threads.submit(_ask_helper, _at(sources, share), target) for share in shares[1:]]
        made.update(zip(shares[0], compile_here(_at(sources, shares[0]), target), strict=True))
        for share, future in zip(shares[1:], helped, strict=True):
            codes = future.result() or compile_here(_at(sources, share), target)
            made.update(zip(share, codes, strict=True))
    return [made[place] for place in range(len(sources))]


def _at(sources: Sequence[KernelSource], places: Sequence[int]) -> list[KernelSource]:
    return [sources[place] for place in places]


def compile_here(sources: Sequence[KernelSource], target: str) -> list[bytes]:
    """Cubins, made in this process."""
    from treadle.backends.numba_cuda.compile import compile_cubin  # noqa: PLC0415 - imports numba

    return [compile_cubin(source, target) for source in sources]


def serve(request: str) -> str:
    """The answer of a helper: cubins for what the request names, both as JSON."""
    asked = json.loads(request)
    sources = [KernelSource(**{**one, "params": tuple(one["params"])}) for one in asked["sources"]]
    return json.dumps([base64.b64encode(code).decode() for code in compile_here(sources, asked["target"])])


def _ask_helper(sources: Sequence[KernelSource], target: str) -> list[bytes] | None:
    """What a helper made of the sources; None if it failed, which is then met and reported in this process.

    Modules of the current folder must not shadow the libraries, hence -P.
    """
    command = [sys.executable, "-P", "-m", __name__]
    request = json.dumps({"target": target, "sources": [asdict(source) for source in sources]})
    answer = subprocess.run(command, input=request, capture_output=True, text=True, check=False)  # noqa: S603
    if answer.returncode:
        return None
    return [base64.b64decode(code) for code in json.loads(answer.stdout)]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    print(serve(sys.stdin.read()))
