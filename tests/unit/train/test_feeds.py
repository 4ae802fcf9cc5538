"""Data blocks become feeds: splits are assigned, columns computed and checked, augmentation keyed."""

import numpy as np
import pytest

from support.trainings import Training, line_spec
from treadle.errors import TreadleError
from treadle.frontend.load import load_text
from treadle.train.data.folders import Folders
from treadle.train.feeds import load_feeds


def feeds_of(text, folder=None):
    checked = load_text(text)
    (plan,) = checked.trains.values()
    return load_feeds(checked, plan, Folders((folder,) if folder else ()))


def code_of(text, folder=None):
    with pytest.raises(TreadleError) as caught:
        feeds_of(text, folder)
    return caught.value.diagnostics[0].code


def test_splits_of_one_source_come_along():
    assert {name: feed.table.size for name, feed in feeds_of(line_spec()).items()} == {
        "train": 37,
        "test": 13,
    }


def test_each_split_can_have_a_source(tmp_path):
    text = line_spec().replace(
        "train = moons(50, noise = 0.1, test = 0.26)", "train = moons(30)\n  test = moons(7, seed = 1)"
    )
    assert {name: feed.table.size for name, feed in feeds_of(text).items()} == {"train": 30, "test": 7}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("train = moons(50, noise = 0.1, test = 0.26)", "train, validation = moons(50)", "E0708"),
        ("t = train.labels", "t = train.labels + 1", "E0709"),
        ("t = train.labels", "t = train.labels - 1", "E0709"),
        ("x = train.points", "x = train.points[:, :1]", "E0703"),
        ("t = train.labels", "t = cast(train.labels, f32)", "E0704"),
        ("x = train.points\n", "", "E0610"),
    ],
)
def test_data_that_do_not_fit_are_refused(old, new, code):
    assert old in line_spec()
    assert code_of(line_spec().replace(old, new)) == code


def test_augmentation_depends_on_the_number_of_the_batch_alone(tmp_path):
    text = line_spec().replace(
        "t = train.labels\n", "t = train.labels\n  augment(train) { x = x + normal[N, 2] }\n"
    )
    feeds = feeds_of(text.replace("normal[N, 2]", "normal[shape(x)[0], 2]"))
    feed = feeds["train"]
    rows = feed.table.take(slice(0, 8))
    one, again, other = (feed.batch(rows, number)["x"] for number in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    assert feeds["test"].augmenter is None


def test_sequences_bind_the_length(tmp_path):
    (tmp_path / "t.txt").write_text("hello world, hello again " * 20)
    text = """
    model M {
      input  inputs:  i64[N, T]
      target targets: i64[N, T]
      logits = inputs |> embedding(20, 4) |> dense(20)
      loss cross_entropy(logits, targets)
    }
    data D { train = chars("t.txt", length = 7, test = 0.2) }
    train M on D { optimizer sgd(0.1)  batch 4  epochs 1  seed 0 }
    """
    assert feeds_of(text, tmp_path)["train"].sizes == {"T": 7}
    assert code_of(text.replace("embedding(20", "embedding(5"), tmp_path) == "E0709"
    assert code_of(text) == "E0701"


def test_training_without_data(tmp_path):
    text = """
    model M {
      param w: [3] = 1
      loss sum(w * w)
    }
    train M { optimizer sgd(0.1)  batch 1  steps 20  seed 0 }
    """
    last = Training(text, tmp_path).finish()
    assert last.values["train.loss"] < 3.0
