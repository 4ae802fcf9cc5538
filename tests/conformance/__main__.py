"""`python -m tests.conformance --data DIR`: runs a folder of cases; fails when a case fails."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .report import reasons, summary, table
from .suites import SUITES


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a suite and prints its table."""
    options = _parser().parse_args(arguments)
    verdicts = list(SUITES[options.suite](options.data, options.backend, options.dtype, options.op))
    for line in table(verdicts):
        print(line)
    for status in ("skipped", "failed"):
        for line in reasons(verdicts, status):
            print(line)
    print(summary(verdicts))
    return int(any(verdict.status == "failed" for verdict in verdicts))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of cases")
    parser.add_argument("--suite", choices=list(SUITES), default="ops")
    parser.add_argument(
        "--backend", default="numpy", help="numpy, cpu, cuda, or cuda-sim: the GPU's kernels simulated"
    )
    parser.add_argument("--dtype", choices=("f64", "f32"), default="f64")
    parser.add_argument("--op", action="append", default=[], help="an op, a family or a case; repeatable")
    return parser


if __name__ == "__main__":
    sys.exit(main())
