"""PyTorch on a GPU for the peer benchmark: the harness's CPU peers, with nets and batches moved to a device.

Imports `torch_peer` from the harness's folder, and copies nothing of it. `torch_cuda_eager` and
`torch_cuda_compile` are the two forms as modules of the harness. `PEER_DEVICE=cpu` tries the same code
without a GPU.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch_peer import build as cpu
from workloads.case import Case, Job

DEVICE = os.environ.get("PEER_DEVICE", "cuda")

_make_net, _make_batches = cpu.make_net, cpu.make_batches


def net_on_device(case: Case) -> Any:
    """The net, on the device."""
    return _make_net(case).to(DEVICE)


def batches_on_device(case: Case) -> list[dict[str, Any]]:
    """The batches, on the device: moving data is no part of a step."""
    return [{name: value.to(DEVICE) for name, value in batch.items()} for batch in _make_batches(case)]


def on_device(build: Callable[[Case], Job]) -> Callable[[Case], Job]:
    """The CPU's way to build a job, for the device; float32 stays float32 in matrix products, too."""

    def build_there(case: Case) -> Job:
        torch.set_default_device(DEVICE)
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        cpu.make_net, cpu.make_batches = net_on_device, batches_on_device
        return replace(build(case), wait=lambda _handle: synchronise())

    return build_there


def synchronise() -> None:
    """Waits for the device; without this, a step's time is that of its launch alone."""
    if DEVICE == "cuda":
        torch.cuda.synchronize()
