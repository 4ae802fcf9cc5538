"""Kernels and whole steps on a GPU: own GEMM and bandwidth kernels, and the peer benchmark's workloads.

    python tests/benchmarks/gpu.py --json gpu.json                 kernels alone
    python tests/benchmarks/gpu.py --bench DIR --torch PYTHON      and whole steps beside PyTorch
    python tests/benchmarks/gpu.py --dry-run                       small sizes on a simulated GPU

DIR is the folder of the peer benchmark (`peers.py`), PYTHON an interpreter that has PyTorch with CUDA and
Treadle. Rates: GEMM in 10^12 operations per second, beside `torch.matmul` without TF32; bandwidth kernels in
10^9 bytes moved per second, beside a copy on the device, which is the ceiling.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.block_sim import DeviceBuffer
from support.device_runs import SimulatedDevice, device_run
from support.products import Workbench, matmul_call, roles
from support.rates import body_rate, copy_rate
from treadle.backends.numba_cuda import backend, presence
from treadle.backends.numba_cuda.driver_api import Driver
from treadle.backends.numba_cuda.library_products import Use, library_steps
from treadle.backends.numba_cuda.templates import matmul_steps
from treadle.types import DType

HERE = Path(__file__).parent
PEERS = "torch-cuda=torch_cuda_eager,torch-cuda-compile=torch_cuda_compile,treadle=treadle_adapter"
GEMM_SIZES = (1024, 2048, 4096)
LIBRARY_SIZES = (128, 256, 512, 1024, 2048, 4096)
BODIES = {
    "add": "output y = a + b",
    "softmax": "output y = softmax(a)",
    "columns": "output y = sum(a, axis = 0)",
    "gelu": "output y = gelu(a)",
}


@dataclass(frozen=True)
class Row:
    """A figure: what was measured, in which unit, ours and the peer's (None where there is none)."""

    name: str
    unit: str
    ours: float
    peer: float | None = None

    @property
    def share(self) -> str:
        """Ours as a part of the peer's."""
        return f"{100 * self.ours / self.peer:.0f} %" if self.peer else "-"


def gemm_rows(driver: Driver, sizes: tuple[int, ...], times: int) -> list[Row]:
    """Square products in float32 and bfloat16."""
    return [
        Row(
            f"gemm {dtype} {n}",
            "TFLOP/s",
            gemm_rate(driver, n, dtype, times),
            torch_gemm_rate(n, dtype, times),
        )
        for dtype in (DType.F32, DType.BF16)
        for n in sizes
    ]


def library_rows(driver: Driver, sizes: tuple[int, ...], times: int) -> list[Row]:
    """Our kernels beside cuBLASLt as a step of a program: from which size on it is worth it."""
    return [
        Row(f"own beside library {dtype} {n}", "TFLOP/s", *rates)
        for dtype in (DType.F32, DType.BF16)
        for n in sizes
        for rates in [[gemm_rate(driver, n, dtype, times, use) for use in (Use.OFF, Use.ON)]]
    ]


def gemm_rate(driver: Driver, n: int, dtype: DType, times: int, use: Use = Use.OFF) -> float:
    """Operations per second of our kernel, or of the library, in 10^12."""
    bench = Workbench(dtype)
    call = matmul_call(bench, (1, n, n, n))
    steps = library_steps(call, use) or matmul_steps(call)
    buffers = {role: DeviceBuffer.of(bench.buffers[s.buffer].data) for role, s in roles(call).items()}
    with device_run(driver, steps, buffers) as run:
        run.run()
        return 2 * n**3 / run.seconds(times) / 1e12


def torch_gemm_rate(n: int, dtype: DType, times: int) -> float | None:
    """The same of cuBLAS, through PyTorch where it is installed and finds a GPU."""
    try:
        import torch  # noqa: PLC0415 - present in some environments only
    except ModuleNotFoundError:
        return None
    if not torch.cuda.is_available():
        return None
    torch.backends.cuda.matmul.allow_tf32 = False
    kind = torch.float32 if dtype is DType.F32 else torch.bfloat16
    a, b = (torch.randn(n, n, device="cuda", dtype=kind) for _ in range(2))
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    a @ b
    begin.record()
    for _ in range(times):
        a @ b
    end.record()
    end.synchronize()
    return float(2 * n**3 / (begin.elapsed_time(end) / times / 1e3) / 1e12)


def bandwidth_rows(driver: Driver, shape: tuple[int, int], times: int) -> list[Row]:
    """Kernels that only move memory, beside the copy ceiling."""
    ceiling = copy_rate(driver, shape[0] * shape[1] * 4, times)
    return [
        Row(name, "GB/s", body_rate(driver, text, shape, times), ceiling) for name, text in BODIES.items()
    ]


def step_rows(bench: Path, python: str, workloads: str, seconds: float) -> list[dict[str, Any]]:
    """Whole steps, measured by the peer benchmark in processes of their own."""
    result = bench.resolve() / "gpu-steps.json"
    command = [python, "peers.py", "--peer", PEERS, "--workload", workloads, "--seconds", str(seconds)]
    environment = os.environ | {"PYTHONPATH": str(HERE), "TREADLE_DEVICE": "cuda"}
    subprocess.run([*command, "--json", str(result)], cwd=bench, env=environment, check=True)
    rows: list[dict[str, Any]] = json.loads(result.read_text("utf-8"))["results"]
    return rows


def table(rows: list[Row]) -> str:
    """Markdown."""
    lines = ["| what | unit | Treadle | peer | share |", "| --- | --- | ---: | ---: | ---: |"]
    for row in rows:
        peer = f"{row.peer:.1f}" if row.peer else "-"
        lines.append(f"| {row.name} | {row.unit} | {row.ours:.1f} | {peer} | {row.share} |")
    return "\n".join(lines)


def steps_table(rows: list[dict[str, Any]]) -> str:
    """Markdown: the median and the streamed time of a step, by workload and peer."""
    lines = ["| workload | peer | step ms | stream ms |", "| --- | --- | ---: | ---: |"]
    for row in rows:
        times = (
            row["error"][:60] + " | -"
            if "error" in row
            else f"{row['step_ms']['median']} | {row['stream_ms']}"
        )
        lines.append(f"| {row['workload']} | {row['peer']} | {times} |")
    return "\n".join(lines)


def main() -> None:
    """Measures, prints tables, writes JSON."""
    arguments = parse()
    driver: Driver = SimulatedDevice() if arguments.dry_run else backend.open_driver()
    sizes, shape, times = ((33,), (7, 65), 1) if arguments.dry_run else (GEMM_SIZES, (16384, 4096), 50)
    rows = gemm_rows(driver, sizes, times) + bandwidth_rows(driver, shape, times)
    if presence.cublas_version() is not None:
        rows += library_rows(driver, (33,) if arguments.dry_run else LIBRARY_SIZES, times)
    if arguments.dry_run:
        print("A simulated GPU: these rates mean nothing.")
    print(table(rows))
    steps: list[dict[str, Any]] = []
    if arguments.bench and not arguments.dry_run:
        steps = step_rows(arguments.bench, arguments.torch, arguments.workload, arguments.seconds)
        print(steps_table(steps))
    if arguments.json:
        report = {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "device": asdict(driver.device),
            "kernels": [asdict(row) for row in rows],
            "steps": steps,
        }
        arguments.json.write_text(json.dumps(report, indent=1) + "\n", "utf-8")


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bench", type=Path, help="the folder of the peer benchmark")
    parser.add_argument("--torch", default=sys.executable, help="an interpreter with PyTorch and Treadle")
    parser.add_argument("--workload", default="mlp_mnist,lenet,lstm_char", help="names of workloads")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement of steps")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--dry-run", action="store_true", help="a simulated GPU and tiny sizes")
    return parser.parse_args()


if __name__ == "__main__":
    main()
