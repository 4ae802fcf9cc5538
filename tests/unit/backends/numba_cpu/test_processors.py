"""Kernels for other processors than this one: narrow vectors run here, wide ones at least compile."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

NARROW = """
import numpy as np
from treadle.backends.numba_cpu import cpu
cpu.host = lambda: cpu.Cpu("x86-64", "", 128)
from support.kernels import aligned, run_plan
from treadle.backends.numba_cpu.templates.conv import ConvGeometry, conv_plan
from treadle.backends.numba_cpu.templates.gemm import GemmSizes, GemmSpec, gemm_plan
random = np.random.default_rng(0)
def values(*shape):
    array = aligned(shape, "f4")
    array[...] = random.standard_normal(shape)
    return array
a, b, c = values(1, 23, 40), values(1, 40, 19), aligned((1, 23, 19), "f4")
sizes = GemmSizes(1, 23, 19, 40, (920, 40, 1), (760, 19, 1), (437, 19))
run_plan(gemm_plan(GemmSpec("f32"), sizes, 2), {"a": a, "b": b, "c": c}, 2)
assert np.abs(c - a @ b).max() < 1e-4
x, w, y = values(2, 3, 6, 9), values(17, 3, 1, 1), aligned((2, 17, 6, 9), "f4")
run_plan(conv_plan("f32", ConvGeometry(2, 3, 6, 9, 17, (1, 1)), 2), {"x": x, "w": w, "y": y}, 2)
assert np.abs(y - np.einsum("nchw,fcij->nfhw", x, w)).max() < 1e-4
print("right")
"""

WIDE = """
from treadle.backends.numba_cpu import cpu
cpu.host = lambda: cpu.Cpu("skylake-avx512", "", 512)
from treadle.backends.numba_cpu import objects
from treadle.backends.numba_cpu.front import source_to_module
from treadle.backends.numba_cpu.kernel import KernelSource
from treadle.backends.numba_cpu.templates.gemm_source import gemm_text
from treadle.backends.numba_cpu.templates.tiles import tile_shape
tile = tile_shape("f32")
objects.target_machine()
module = source_to_module(KernelSource("gemm", gemm_text("f32", tile)), "gemm")
objects.module_to_object(module)
assert (tile.rows, tile.width) == (14, 32)
assert "zmm31" in objects.target_machine().emit_assembly(module)
print("right")
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the programs name x86 processors")
@pytest.mark.parametrize("program", [NARROW, WIDE], ids=["narrow", "wide"])
def test_kernels_for_another_processor(program: str) -> None:
    """Without AVX the products are still right; with AVX-512 all 32 registers are used."""
    path = next(entry for entry in sys.path if entry.endswith("tests"))
    code = f"import sys; sys.path.append({path!r})\n{program}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stdout.strip() == "right", run.stderr
