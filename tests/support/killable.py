"""Trainings in processes of their own that can be killed at any moment.

A fork server has everything imported, so that a process starts in milliseconds.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from unittest import mock

from treadle.cli import app

_PATIENCE = 60  # seconds until a process that does not begin is given up
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["treadle.cli.commands.train", "treadle.backends.numpy_ref", "safetensors.numpy", "matplotlib.figure"]
)


def train_and_kill(folder: Path, words: Sequence[str], draw: random.Random, longest: float) -> bool:
    """Runs `treadle train WORDS`, and kills it within `longest` seconds after it has begun to train.

    Returns whether it had not ended before.
    """
    reader, writer = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_train, args=(folder, list(words), writer))
    process.start()
    writer.close()
    assert reader.poll(_PATIENCE)
    process.join(draw.uniform(0, longest))
    process.kill()
    process.join()
    return process.exitcode == -9


def train_and_signal(folder: Path, words: Sequence[str], number: int) -> int | None:
    """Runs `treadle train WORDS`, and sends it a signal when it begins to train; its exit code."""
    reader, writer = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_train, args=(folder, list(words), writer))
    process.start()
    writer.close()
    assert reader.poll(_PATIENCE)
    os.kill(process.pid or 0, number)
    process.join(_PATIENCE)
    return process.exitcode


def train_to_end(folder: Path, words: Sequence[str]) -> int | None:
    """Runs `treadle train WORDS`; its exit code."""
    reader, writer = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_train, args=(folder, list(words), writer))
    process.start()
    writer.close()
    process.join(_PATIENCE)
    reader.close()
    return process.exitcode


def _train(folder: Path, words: list[str], told: Connection) -> None:
    """What it prints goes through the pipe; the first line says that training begins.

    Nothing waits for the disk here: what a process has written survives it, as long as the machine does.
    """
    os.dup2(told.fileno(), 1)
    with contextlib.chdir(folder), mock.patch("os.fsync"):
        app.main(["train", *words])
