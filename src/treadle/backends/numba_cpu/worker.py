"""A compiling process: reads kernel sources from standard input, answers with object code on standard output.

A request is `symbol`, a zero byte, the source text; an answer is object code, or empty when the source does
not compile (the parent then compiles it itself and so meets the error). Ends at end of input.
"""

from __future__ import annotations

import sys
from typing import IO

from treadle.backends.numba_cpu.kernel import KernelSource
from treadle.backends.numba_cpu.messages import read_message, write_message
from treadle.backends.numba_cpu.pool import compile_here


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer requests until the input ends."""
    while (request := read_message(requests)) is not None:
        symbol, _, text = request.partition(b"\0")
        try:
            answer = compile_here(symbol.decode(), KernelSource("kernel", text.decode()))
        except Exception:  # noqa: BLE001  whatever it is, the parent meets it again and reports it
            answer = b""
        write_message(answers, answer)


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
