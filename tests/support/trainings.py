"""Small trainings for tests: specs as text, run with the reference backend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from treadle.frontend.load import load_text
from treadle.train.data.folders import Folders
from treadle.train.ema import with_settings
from treadle.train.events import Event, Finished
from treadle.train.feeds import load_feeds
from treadle.train.loop import Trainer
from treadle.train.programs import compile_training
from treadle.train.runs import RunFolder

LINE = """
model Line {
  input x: f32[N, 2]
  target t: i64[N]
  logits = x |> dense(2)
  output score = logits
  loss cross_entropy(logits, t)
  metric accuracy(logits, t)
}

data Points {
  train = moons(50, noise = 0.1, test = 0.26)
  x = train.points
  t = train.labels
}

train Line on Points {
  optimizer adam(0.05)
  batch 8  epochs 4  seed 3
  SETTINGS
}
"""


def line_spec(settings: str = "") -> str:
    """A classifier of two moons with further settings in its train block."""
    return LINE.replace("SETTINGS", settings)


class Training:
    """A spec's training, and what it told and left."""

    def __init__(self, text: str, folder: Path, **changes: Any) -> None:
        self.checked = load_text(text)
        (plan,) = self.checked.trains.values()
        self.plan = with_settings(replace(plan, **changes))
        self.feeds = load_feeds(self.checked, self.plan, Folders(()))
        self.programs = compile_training(self.plan, self.feeds, "numpy")
        self.trainer = Trainer(self.plan, self.feeds, self.programs)
        self.folder = RunFolder(folder)
        folder.mkdir(exist_ok=True)

    def events(self) -> Iterator[Event]:
        return self.trainer.run(self.folder)

    def finish(self) -> Finished:
        *_, last = self.events()
        assert isinstance(last, Finished)
        return last

    def leaves(self) -> dict[str, bytes]:
        """All values that persist, bit for bit."""
        return {name: self.programs.session.read(name).tobytes() for name in self.plan.leaves}
