"""What a training shows: one line per epoch, few lines for many epochs, aligned tables, readable numbers."""

import pytest

from treadle.cli.live import Bar, Lines, Silent, finished_table, make_view
from treadle.cli.tables import number, table
from treadle.train.events import EpochEnded, Finished, Started, Stepped


def events(epochs):
    yield Started(epochs, 1, {"train": 10}, 5, 0.1)
    for epoch in range(1, epochs + 1):
        yield Stepped(epoch, epoch, 1, {"loss": 1.0})
        yield EpochEnded(epoch, epoch, {"train.loss": 1.0}, 0.5, epoch == 1)


@pytest.mark.parametrize(("epochs", "lines"), [(3, 4), (200, 52)])
def test_lines(capsys, epochs, lines):
    view = Lines()
    for event in events(epochs):
        view.show(event)
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("5 parameters; examples: 10 train; ")
    assert out[1].split() == ["epoch", f"1/{epochs}", "*", "train.loss", "1.0000", "0.5", "s"]
    assert len(out) == lines


def test_long_epochs_tell_a_line_a_minute(capsys):
    now = iter(range(0, 10_000, 25))
    view = Lines(clock=lambda: next(now))
    view.show(Started(2, 1000, {"train": 1000}, 5, 0.1))
    for step in range(1, 10):
        view.show(Stepped(1, step, step, {"loss": 0.5}))
    lines = capsys.readouterr().out.splitlines()[1:]
    assert 2 <= len(lines) <= 5
    assert lines[0].endswith("of 1,000  loss 0.5000")
    assert all(line.isprintable() for line in lines)


def test_a_terminal_without_movement_gets_lines(monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(make_view(quiet=False), Lines)


def test_bar_takes_all_events(capsys):
    view = Bar()
    for event in [*events(3), Finished("done", 3, 3, {}, 1.0)]:
        view.show(event)
    view.close()
    assert "epoch 3/3" in capsys.readouterr().out


def test_quiet_shows_nothing(capsys):
    view = make_view(quiet=True)
    assert isinstance(view, Silent)
    for event in events(3):
        view.show(event)
    assert capsys.readouterr().out == ""


def test_final_table():
    last = Finished("done", 2, 4, {"train.loss": 0.25, "test.accuracy": 0.5}, 1.0, {"test.accuracy": 0.75}, 1)
    assert finished_table(last).splitlines() == [
        "                 last    best",
        "train.loss     0.2500",
        "test.accuracy  0.5000  0.7500",
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0.0000"), (0.5, "0.5000"), (1e-5, "1.000e-05"), (12345.0, "1.234e+04")]
)
def test_numbers(value, text):
    assert number(value) == text


def test_tables_align():
    assert table([["a", "1"], ["bbb", "22"]]) == "a     1\nbbb  22"
