"""Everything that a machine with a GPU can prove, in one command: `python -m tests.gpu`.

The suite of this folder; part of it again under compute-sanitizer's memcheck and racecheck where that tool
is found; then the benchmarks. Ends with a row for the table of `docs/gpu-log.md`. Without a GPU it says why
it runs nothing; `--dry-run` tries the suite and the benchmark out on a simulated one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support.cuda_parts import gpu_problem, tool  # noqa: E402 - needs the path
from treadle.backends.numba_cuda import presence  # noqa: E402

SUITE = [sys.executable, "-m", "pytest", "tests/gpu", "-q", "-rs"]
BENCHMARK = [sys.executable, "tests/benchmarks/gpu.py"]
SMALL = ["-k", "small_products and f32 and sizes1"]
"""What the sanitizers, which slow kernels down a hundredfold, look at."""


def main() -> int:
    """Runs all parts; 0 when all of them pass."""
    arguments = parse()
    problem = None if arguments.dry_run else gpu_problem()
    if problem:
        print(f"nothing to run: {problem}")
        return 0
    outcomes = {"suite": run([*SUITE, *SMALL] if arguments.dry_run else SUITE, arguments.dry_run)}
    if not arguments.dry_run:
        outcomes |= sanitized()
    if not arguments.skip_benchmarks:
        outcomes["benchmarks"] = run([*BENCHMARK, *benchmark_options(arguments)], arguments.dry_run)
    print(log_entry(outcomes))
    return 1 if "FAILED" in outcomes.values() else 0


def run(command: list[str], dry_run: bool = False) -> str:
    """The outcome of a command, whose output is shown."""
    environment = {**os.environ, "TREADLE_GPU_DRY_RUN": "1" if dry_run else ""}
    print(f"+ {' '.join(command)}", flush=True)
    return "FAILED" if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode else "ok"


def sanitized() -> dict[str, str]:
    """Some small kernels under compute-sanitizer."""
    program = tool("compute-sanitizer")
    if program is None:
        return {"memcheck": "compute-sanitizer is absent", "racecheck": "compute-sanitizer is absent"}
    return {
        name: run([program, "--tool", name, "--error-exitcode", "9", *SUITE, *SMALL])
        for name in ("memcheck", "racecheck")
    }


def benchmark_options(arguments: argparse.Namespace) -> list[str]:
    """What is passed on to the benchmark."""
    if arguments.dry_run:
        return ["--dry-run"]
    given = {"--bench": arguments.bench, "--torch": arguments.torch, "--json": arguments.json}
    return [text for name, value in given.items() if value for text in (name, str(value))]


def log_entry(outcomes: dict[str, str]) -> str:
    """A row of the table in `docs/gpu-log.md`."""
    found = presence.inspect()
    device = ", ".join(f"{name} ({capability})" for name, capability in found.devices) or "simulated"
    driver = presence.cuda_version(found.driver) if found.driver else "-"
    parts = "; ".join(f"{name} {outcome}" for name, outcome in outcomes.items())
    return f"| {datetime.now(UTC):%Y-%m-%d} | {device} | {driver} | {parts} |"


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.gpu", description=__doc__)
    parser.add_argument("--bench", type=Path, help="the folder of the peer benchmark, for whole steps")
    parser.add_argument("--torch", help="an interpreter that has PyTorch with CUDA and Treadle")
    parser.add_argument("--json", type=Path, default=ROOT / "gpu.json", help="where figures are written")
    parser.add_argument("--skip-benchmarks", action="store_true")
    parser.add_argument("--dry-run", action="store_true", help="a simulated GPU and small sizes")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
