"""`python -m tests.onnx_backend [--backend numpy|cpu] [--op NAME ...] [-v]`: how much of ONNX is imported."""

from __future__ import annotations

import argparse
import sys

from .backend import CompiledBackend, TreadleBackend
from .report import judge, select, table

BACKENDS = {"numpy": TreadleBackend, "cpu": CompiledBackend}


def main() -> int:
    """Print the table; 1 if a test failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.onnx_backend", description=__doc__)
    parser.add_argument("--backend", choices=sorted(BACKENDS), default="numpy")
    parser.add_argument("--op", nargs="+", default=[], metavar="NAME", help="operators or names of tests")
    parser.add_argument("-v", "--verbose", action="store_true", help="reasons of skips")
    given = parser.parse_args()
    verdicts = judge(select(BACKENDS[given.backend], given.op))
    for verdict in verdicts:
        if verdict.outcome == "failed" or (given.verbose and verdict.outcome == "skipped"):
            print(f"{verdict.outcome} {verdict.test}: {verdict.reason}")
    print(table(verdicts))
    return int(any(verdict.outcome == "failed" for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main())
