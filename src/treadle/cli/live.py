"""Shows a training: a progress bar with loss, accuracy and time left on a terminal, plain lines elsewhere."""

import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from treadle.cli.tables import number, table
from treadle.train.events import EpochEnded, Event, Finished, Means, Started, Stepped

_REFRESH = 0.1  # seconds between updates of the bar; drawing more often costs more than small steps
_SECONDS_BETWEEN_LINES = 60.0  # within an epoch, in plain output
_MAX_LINES = 50  # of epochs in plain output


class View(Protocol):
    """Takes events in order."""

    def show(self, event: Event) -> None:
        """Shows one event."""
        ...

    def close(self) -> None:
        """Restores the terminal."""
        ...


def make_view(*, quiet: bool) -> View:
    """The view that suits the terminal."""
    if quiet:
        return Silent()
    return Bar() if sys.stdout.isatty() and os.environ.get("TERM") != "dumb" else Lines()


class Silent:
    """Shows nothing."""

    def show(self, event: Event) -> None:
        """Ignores the event."""

    def close(self) -> None:
        """Has nothing to restore."""


class Lines:
    """One line per epoch, or per many epochs when there are hundreds; one a minute within long epochs."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Starts without knowing how many epochs follow."""
        self._epochs, self._per_epoch = 0, 1
        self._clock = clock
        self._printed = clock()

    def show(self, event: Event) -> None:
        """Prints the start and epochs."""
        if isinstance(event, Started):
            self._epochs, self._per_epoch = event.epochs, event.steps_per_epoch
            self._print(started_text(event))
        elif isinstance(event, Stepped):
            if self._clock() - self._printed >= _SECONDS_BETWEEN_LINES:
                self._print(step_text(event, self._epochs, self._per_epoch))
        elif isinstance(event, EpochEnded):
            every = max(1, self._epochs // _MAX_LINES)
            if event.epoch % every == 0 or event.epoch in {1, self._epochs}:
                self._print(epoch_text(event, self._epochs))

    def close(self) -> None:
        """Has nothing to restore."""

    def _print(self, line: str) -> None:
        print(line, flush=True)
        self._printed = self._clock()


class Bar:
    """A bar over all steps, with the latest values; finished epochs scroll above it."""

    def __init__(self) -> None:
        """Draws nothing before the first event."""
        from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn  # noqa: PLC0415

        self._bar = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%  {task.fields[values]}"),
            TimeRemainingColumn(),
        )
        self._task = TaskID(0)
        self._epochs = 0
        self._per_epoch = 1
        self._last = ""
        self._drawn = 0.0

    def show(self, event: Event) -> None:
        """Moves the bar; prints the start and epochs above it."""
        if isinstance(event, Started):
            self._epochs, self._per_epoch = event.epochs, event.steps_per_epoch
            self._bar.start()
            self._bar.console.print(started_text(event), highlight=False, markup=False)
            total = event.epochs * event.steps_per_epoch
            self._task = self._bar.add_task("", total=total, epoch=f"0/{event.epochs}", values="")
        elif isinstance(event, Stepped):
            self._step(event)
        elif isinstance(event, Finished):
            self._bar.update(self._task, completed=event.step, epoch=f"{event.epoch}/{self._epochs}")
        else:
            self._last = values_text(event.values, only="test")
            if self._epochs <= _MAX_LINES or event.improved:
                self._bar.console.print(epoch_text(event, self._epochs), highlight=False, markup=False)

    def close(self) -> None:
        """Stops drawing."""
        self._bar.stop()

    def _step(self, event: Stepped) -> None:
        now = time.monotonic()
        if now - self._drawn < _REFRESH:
            return
        self._drawn = now
        self._bar.update(
            self._task,
            completed=event.step,
            epoch=f"{event.epoch}/{self._epochs}",
            values="  ".join(part for part in (values_text(event.values), self._last) if part),
        )


def started_text(event: Started) -> str:
    """What is about to happen, in one line."""
    sizes = ", ".join(f"{count:,} {split}" for split, count in event.sizes.items()) or "no data"
    return (
        f"{event.parameters:,} parameters; examples: {sizes}; {event.epochs:,} epochs of "
        f"{event.steps_per_epoch:,} steps; compiled in {event.compile_seconds:.1f} s"
    )


def step_text(event: Stepped, epochs: int, per_epoch: int) -> str:
    """Where an epoch stands, and the values of the latest batch, in one line."""
    width = len(str(epochs))
    place = f"step {event.step_in_epoch:,} of {per_epoch:,}"
    return f"epoch {event.epoch:>{width}}/{epochs}   {place}  {values_text(event.values)}"


def epoch_text(event: EpochEnded, epochs: int) -> str:
    """The values of one epoch in one line; a star marks the best so far."""
    width = len(str(epochs))
    mark = "*" if event.improved else " "
    return f"epoch {event.epoch:>{width}}/{epochs} {mark} {values_text(event.values)}  {event.seconds:.1f} s"


def values_text(values: Means, only: str = "") -> str:
    """Names and values side by side."""
    shown = {name: value for name, value in values.items() if name.startswith(only)}
    return "  ".join(f"{name} {number(value)}" for name, value in shown.items())


def finished_table(event: Finished) -> str:
    """Final and best values as a table of text."""
    rows: list[tuple[str, ...]] = [("", "last", "best")] if event.best else [("", "last")]
    for name, value in event.values.items():
        best = [number(event.best[name])] if name in event.best else []
        rows.append((name, number(value), *best))
    return table(rows)


def show_all(events: Iterable[Event], view: View) -> Finished:
    """Shows events until the last, which is returned."""
    try:
        for event in events:
            view.show(event)
            if isinstance(event, Finished):
                return event
    finally:
        view.close()
    raise ValueError("a training ended without saying how")
