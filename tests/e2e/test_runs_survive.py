"""A training that is killed at random moments and continued leaves the same bytes as one that is not."""

from __future__ import annotations

import json
import random
import signal
from types import SimpleNamespace

import pytest

from support.killable import train_and_kill, train_and_signal, train_to_end
from treadle.cli.commands.train import stop_on_interrupt
from treadle.train.checkpoint import load_checkpoint

KILLS = 20
SPEC = """
model Net {
  input x: f32[N, 2]
  target t: i64[N]
  h = x |> dense(4) |> tanh |> (dropout(0.3) if training else identity)
  logits = h |> dense(2)
  loss cross_entropy(logits, t)
  metric accuracy(logits, t)
}

data Points {
  train = table([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0], [0, 2, 0], [2, 0, 0], [2, 1, 1], [1, 2, 1],
                 [2, 2, 0]])
  test  = table([[0, 0, 0], [2, 2, 0], [2, 1, 1]])
  x = train.values[:, :2]
  t = cast(train.values[:, 2], i64)
  augment(train) { x = train.values[:, :2] + 0.1 * normal[shape(train.values)[0], 2] }
}

train Net on Points {
  optimizer adam(lr = cosine(0.05, warmup = 10))
  batch 2   epochs 60   seed 3   ema 0.9
  keep best 2 by train.loss   keep last 2   keep every 50 steps
  save every 7 steps
}
"""
SAME = ("metrics.csv", "metrics.jsonl", "last.safetensors", "best.safetensors", "curve.png", "curve.svg")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "net.tdl").write_text(SPEC)
    return tmp_path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_leaves(folder, number):
    assert train_and_signal(folder, ["net.tdl", "--device", "numpy", "--run", "asked"], number) == 130
    status = json.loads((folder / "asked" / "status.json").read_text())
    progress = load_checkpoint(folder / "asked" / "last.safetensors").facts["progress"]
    assert (status["state"], status["step"]) == ("interrupted", progress["step"])


def test_a_second_interrupt_leaves_at_once(folder):
    handlers = []
    trainer = SimpleNamespace(stop=lambda: handlers.append(signal.getsignal(signal.SIGINT)))
    before = signal.getsignal(signal.SIGINT)
    with stop_on_interrupt(trainer):
        signal.raise_signal(signal.SIGINT)
    assert handlers == [before], "the next one is Python's own again"
    assert signal.getsignal(signal.SIGINT) is before


def contents(run):
    """The bytes of what a training leaves, times apart."""
    paths = [run / name for name in SAME] + sorted((run / "checkpoints").glob("*.safetensors"))
    return {str(path.relative_to(run)): path.read_bytes() for path in paths}


def test_killed_trainings_continue_bit_for_bit(folder):
    """On a fast machine a training is over before the last kill; then another one is begun."""
    base = ["--device", "numpy"]
    assert train_to_end(folder, ["net.tdl", *base, "--run", "whole"]) == 0
    whole = contents(folder / "whole")
    draw = random.Random(5)  # noqa: S311 - not for secrets
    kills = 0
    for run in (f"killed-{number}" for number in range(KILLS)):
        if kills == KILLS:
            break
        words = ["net.tdl", *base, "--run", run]
        while kills < KILLS and train_and_kill(folder, words, draw, longest=0.15):
            kills += 1
            words = [*base, "--resume", run]
        assert train_to_end(folder, [*base, "--resume", run]) == 0
        continued = contents(folder / run)
        assert list(continued) == list(whole)
        assert [name for name in whole if continued[name] != whole[name]] == []
    assert kills == KILLS
