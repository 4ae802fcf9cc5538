"""Training and evaluation of a network on arrays, or on the data that its spec names.

Input: a plan, leaves, data. Output: a history, changed leaves; values by split. Non-goals: the training loop
itself (`train.loop`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from treadle.api.arrays import as_inputs, sizes_of
from treadle.api.history import History
from treadle.api.leaves import Holder, Leaves
from treadle.errors import fail
from treadle.frontend.inline import inlined_text
from treadle.frontend.result import Checked, TrainPlan
from treadle.train.checkpoint import load_checkpoint
from treadle.train.data.columns import Feed
from treadle.train.data.folders import Folders
from treadle.train.data.ranges import index_limits
from treadle.train.data.table import TRAIN, Table
from treadle.train.evaluation import evaluate_split
from treadle.train.events import Event, Finished
from treadle.train.feeds import load_feeds
from treadle.train.loop import Trainer
from treadle.train.programs import compile_evaluation, compile_training
from treadle.train.runs import RunFolder, spec_files

GIVEN = "given"
"""The split of arrays that come without one, in evaluation."""


@dataclass(frozen=True)
class Learning:
    """A plan, and what it changes."""

    checked: Checked
    plan: TrainPlan
    folders: Folders
    leaves: Leaves

    def adjusted(self, epochs: int | None, steps: int | None, batch: int | None, seed: int) -> Learning:
        """With other lengths and another seed."""
        plan = replace(self.plan, seed=seed, batch=batch or self.plan.batch)
        if epochs is not None or steps is not None:
            plan = replace(plan, epochs=epochs, steps=steps)
        return replace(self, plan=plan)

    def run(
        self,
        data: Mapping[str, Any] | None,
        device: str,
        threads: int | None,
        run: str | Path | None,
        on_event: Callable[[Event], None] | None,
    ) -> History:
        """Trains; see `Network.train`."""
        feeds = self.feeds(data, TRAIN)
        programs = compile_training(self.plan, feeds, device, threads)
        holder = Holder(programs.session, frozenset(self.plan.leaves))
        for name, leaf in self.plan.leaves.items():
            if leaf.kind == "param" or name in self.plan.eval.leaves:
                programs.session.write(name, self.leaves.read(name))
        trainer = Trainer(self.plan, feeds, programs)
        with TemporaryDirectory(prefix="treadle-") as unkept:
            folder = RunFolder.create_at(Path(run) if run is not None else Path(unkept, "run"))
            try:
                with folder.locked(), folder.recorded():
                    self._describe(folder, device)
                    finished = _followed(trainer.run(folder), on_event)
                    folder.write_status(finished.reason, epoch=finished.epoch, step=finished.step)
            finally:
                self.leaves.changed(holder, self.plan.leaves)
            self._take_best(folder)
            return History(folder.read_metrics(), finished, None if run is None else folder.path)

    def _describe(self, folder: RunFolder, device: str) -> None:
        """Writes down what the run is made of, so that commands can use the folder."""
        folder.write_spec(spec_files(self.checked.module))
        folder.write_resolved(inlined_text(self.checked.module))
        facts = {"spec": self.checked.source.name, "train": self.plan.name, "seed": self.plan.seed}
        folder.write_facts(facts | {"data": None, "device": device, "metric": self.plan.keep_best})

    def _take_best(self, folder: RunFolder) -> None:
        """The weights that the spec keeps (`keep best`), as `treadle eval` would take them."""
        best = folder.checkpoint("best")
        if best.is_file():
            for name, value in load_checkpoint(best).values.items():
                self.leaves.write(name, value)

    def feeds(self, data: Mapping[str, Any] | None, unnamed: str) -> dict[str, Feed]:
        """The feeds of arrays by split (`unnamed` if they have none), or of the spec's data."""
        if data is None:
            return load_feeds(self.checked, self.plan, self.folders)
        splits = data if all(isinstance(value, Mapping) for value in data.values()) else {unnamed: data}
        return {split: self._feed(split, arrays) for split, arrays in splits.items()}

    def _feed(self, split: str, arrays: Mapping[str, Any]) -> Feed:
        model = self.plan.eval
        names = [name for name in (*model.inputs, *model.targets) if name in model.graph.inputs]
        columns = as_inputs(model, arrays, names)
        counts = {name: len(array) for name, array in columns.items() if array.ndim}
        if len(set(counts.values())) > 1:
            fail("E0610", f"`{split}`: the inputs differ in their number of examples: {counts}")
        sizes = sizes_of(model, columns, index_limits(model.graph))
        sizes.pop(model.batch or "", None)
        return Feed(sizes, Table(columns))


def _followed(events: Iterator[Event], on_event: Callable[[Event], None] | None) -> Finished:
    """The last event, after all were told."""
    for event in events:
        if on_event is not None:
            on_event(event)
        if isinstance(event, Finished):
            return event
    raise AssertionError("a training ends with `Finished`")


def evaluate(
    learning: Learning, data: Mapping[str, Any] | None, device: str, threads: int | None
) -> dict[str, float]:
    """The means over each split; see `Network.evaluate`."""
    feeds = learning.feeds(data, GIVEN)
    evaluation = compile_evaluation(learning.plan, feeds, device, threads)
    plan = learning.plan
    found: dict[str, float] = {}
    for name in plan.eval.leaves:
        evaluation.session.write(name, learning.leaves.read(name))
    for split, feed in feeds.items():
        means = evaluate_split(evaluation, feed, plan.batch, plan.seed)
        found |= {f"{split}.{name}": value for name, value in means.items()}
    return found
