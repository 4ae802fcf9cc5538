"""Event files for TensorBoard hold the metrics of every epoch."""

from __future__ import annotations

import struct

import pytest
from tensorboardX.proto.event_pb2 import Event

from support.trainings import Training, line_spec
from treadle.train.tensorboard import with_tensorboard


def scalars(folder):
    """Values by tag and step; a record is 8 bytes of length, 4 of checksum, data, 4 of checksum."""
    found = {}
    for path in sorted((folder / "tensorboard").iterdir()):
        content, place = path.read_bytes(), 0
        while place < len(content):
            (length,) = struct.unpack_from("<Q", content, place)
            event = Event.FromString(content[place + 12 : place + 12 + length])
            place += 16 + length
            found |= {(value.tag, event.step): value.simple_value for value in event.summary.value}
    return found


def test_metrics_of_every_epoch_are_written(tmp_path):
    training = Training(line_spec(), tmp_path)
    for _event in with_tensorboard(training.events(), training.folder):
        pass
    found = scalars(tmp_path)
    for row in training.folder.read_metrics():
        for name in ("train.loss", "test.accuracy"):
            value = found[name.replace(".", "/"), int(row["step"])]
            assert value == pytest.approx(row[name], rel=1e-6)
    assert {step for tag, step in found if tag == "seconds"} == {4, 8, 12, 16}
