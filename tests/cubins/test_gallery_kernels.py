"""Kernels of the gallery specs compile for two generations of GPUs and hold the limits; needs no GPU.

Kernels are told apart by their text. All of them take a quarter of an hour to compile on two cores, so that
by default a sample is: always the same one, chosen by the hash of the text, with at least one of each kind of
template, until their texts reach a length (`SAMPLE`). `TREADLE_ALL_KERNELS=1` compiles all for both.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from itertools import accumulate

import pytest

from support.cuda_parts import needs_disassembler
from treadle.backends.numba_cuda.kernel import KernelSource
from treadle.cli.specs import gallery

pytestmark = needs_disassembler

NAMES = sorted(gallery())
TEMPLATES = ("gemm", "gemv", "conv", "combine")
SAMPLE = {"sm_90a": 250_000, "sm_80": 80_000}
"""Characters of kernel text to compile for each target; ten thousand take about two seconds."""

Shared = dict[KernelSource, int]
Verdicts = dict[str, list[str]]


@pytest.fixture(scope="module")
def verdicts() -> Verdicts:
    """What is wrong with the kernels of each spec."""
    from cubins.gallery_kernels import all_kernels, all_problems  # noqa: PLC0415 - imports numba-cuda

    of_spec = all_kernels(NAMES)
    shared: Shared = defaultdict(int)
    for kernels in of_spec.values():
        for source, size in kernels:
            shared[source] = max(shared[source], size)
    work = [(source, shared[source], target) for target in SAMPLE for source in chosen(shared, target)]
    found: dict[KernelSource, list[str]] = defaultdict(list)
    for (source, _, _), problems in zip(work, all_problems(work), strict=True):
        found[source] += problems
    print(f"{len(shared)} distinct kernels, {len(work)} compilations")
    return {
        name: [what for source, _ in kernels for what in found[source]] for name, kernels in of_spec.items()
    }


def chosen(shared: Shared, target: str) -> list[KernelSource]:
    """The kernels to compile: one of each kind of template, then others up to the sample's length."""
    ordered = sorted(shared, key=lambda source: hashlib.sha256(source.text.encode()).digest())
    if os.environ.get("TREADLE_ALL_KERNELS"):
        return ordered
    templates = {source.name: source for source in reversed(ordered) if source.name.startswith(TEMPLATES)}
    lengths = accumulate(len(source.text) for source in ordered)
    sample = [source for source, length in zip(ordered, lengths, strict=True) if length <= SAMPLE[target]]
    return list(dict.fromkeys([*templates.values(), *sample]))


@pytest.mark.parametrize("name", NAMES)
def test_kernels_of_a_spec_hold_the_limits(name: str, verdicts: Verdicts) -> None:
    assert not verdicts[name]
