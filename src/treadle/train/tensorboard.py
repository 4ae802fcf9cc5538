"""TensorBoard's event files, written by tensorboardX: a scalar per metric and epoch.

Input: events of a training. Output: `tensorboard/` in the run folder. A run that is continued starts a new
file from the step where it goes on; TensorBoard shows them as one. Non-goals: reading them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.util import find_spec

from treadle.errors import fail
from treadle.train.events import EpochEnded, Event, Started
from treadle.train.runs import RunFolder

FOLDER = "tensorboard"


def require_tensorboard() -> None:
    """Makes sure that event files can be written.

    Raises:
        TreadleError: E1007 when tensorboardX is not installed.
    """
    if find_spec("tensorboardX") is None:
        hint = "`pip install 'treadle[tensorboard]'`"
        fail("E1007", "`--tensorboard` needs the package tensorboardX, which is not installed", hint=hint)


def with_tensorboard(events: Iterable[Event], folder: RunFolder) -> Iterator[Event]:
    """The events, each epoch written to `tensorboard/` as well.

    Raises:
        TreadleError: E0808 when the files cannot be written.
    """
    from tensorboardX import SummaryWriter  # noqa: PLC0415 - only when asked for

    try:
        with SummaryWriter(str(folder.path / FOLDER), max_queue=0) as writer:
            for event in events:
                if isinstance(event, Started):
                    writer.add_scalar("compile seconds", event.compile_seconds, 0)
                if isinstance(event, EpochEnded):
                    for name, value in event.values.items():
                        writer.add_scalar(name.replace(".", "/", 1), value, event.step)
                    writer.add_scalar("seconds", event.seconds, event.step)
                yield event
    except OSError as error:
        fail("E0808", f"{folder.path / FOLDER} cannot be written: {error.strerror}")
