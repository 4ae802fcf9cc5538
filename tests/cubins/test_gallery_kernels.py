"""Kernels of the gallery specs compile for two generations of GPUs and hold the limits; needs no GPU.

Compiling all of them takes most of an hour of one core. A record says which were found to hold the limits
(`record.py`); here everything else is compiled, and a sample of the record again: always the same one, chosen
by digests, with at least one of each kind of template. `TREADLE_ALL_KERNELS=1` compiles all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

import pytest

from support.cuda_parts import needs_disassembler

if TYPE_CHECKING:
    from cubins.record import Compilation

pytestmark = needs_disassembler

TEMPLATES = ("gemm", "gemv", "conv", "combine")
SAMPLE = {"sm_90a": 160_000, "sm_80": 60_000}
"""Characters of kernel text to compile again for each target; ten thousand take about two seconds."""
NEW = 600_000
"""Characters of kernel text outside the record that are compiled here; above, it is time for a new record."""


@pytest.fixture(scope="module")
def work() -> list[Compilation]:
    """Every kernel of the gallery for every target."""
    from cubins.gallery_kernels import compilations  # noqa: PLC0415 - imports numba-cuda
    from treadle.frontend.gallery import gallery  # noqa: PLC0415

    return compilations(sorted(gallery()))


def test_every_kernel_holds_the_limits(work: Sequence[Compilation]) -> None:
    """What the record does not know is compiled now."""
    from cubins.gallery_kernels import all_problems  # noqa: PLC0415
    from cubins.record import line_of, read  # noqa: PLC0415

    known = read()
    new = [each for each in work if line_of(each) not in known]
    length = sum(len(source.text) for source, _, _ in new)
    assert length < NEW, f"{len(new)} of {len(work)} are not in the record: run `python -m tests.cubins`"
    assert not [problem for problems in all_problems(new) for problem in problems]


def test_the_record_is_right(work: Sequence[Compilation]) -> None:
    """Compiled again, a sample of the record holds the limits."""
    from cubins.gallery_kernels import all_problems  # noqa: PLC0415

    sample = list(chosen(work))
    assert {target for _, _, target in sample} == set(SAMPLE)
    assert not [problem for problems in all_problems(sample) for problem in problems]


def chosen(work: Sequence[Compilation]) -> Iterator[Compilation]:
    """What to compile again: one of each kind of template, then others up to the sample's length."""
    from cubins.record import line_of  # noqa: PLC0415

    ordered = sorted(work, key=line_of)
    if os.environ.get("TREADLE_ALL_KERNELS"):
        yield from ordered
        return
    for target, length in SAMPLE.items():
        mine = [each for each in ordered if each[2] == target]
        lengths = accumulate(len(source.text) for source, _, _ in mine)
        sample = [each for each, total in zip(mine, lengths, strict=True) if total <= length]
        templates = {kind: each for each in mine for kind in TEMPLATES if each[0].name.startswith(kind)}
        yield from {line_of(each): each for each in [*templates.values(), *sample]}.values()
