"""Data blocks: sources of splits, columns for every split, augmentation of one."""

from __future__ import annotations

import numpy as np
import pytest

from treadle.backends.numpy_ref import evaluate
from treadle.errors import TreadleError
from treadle.frontend.elaborate.data import SOURCES as KNOWN_SOURCES
from treadle.frontend.elaborate.data import data_settings, data_sources, elaborate_columns, has_augmentation
from treadle.frontend.load import load_text
from treadle.train.data.sources import source_names
from treadle.types import DType, TensorType

TEXT = """
data Images(share = 0.2) {
  const limit = 255
  train = csv("a.csv", target = "y", sizes = [1, 2], test = share)
  image = cast(train.images, f32) / limit
  digit = train.labels
  shuffle false
  augment(train) { image = image + 1 }
}
"""
SOURCES = {
    split: {"images": TensorType(DType.U8, (3, 2)), "labels": TensorType(DType.I64, (3,))}
    for split in ("train", "test")
}


def test_sources_have_plain_arguments():
    (found,) = data_sources(load_text(TEXT), "Images")
    assert (found.targets, found.name, found.args) == (("train",), "csv", ("a.csv",))
    assert found.kwargs == {"target": "y", "sizes": [1, 2], "test": 0.2}


def test_arguments_of_the_block():
    (found,) = data_sources(load_text(TEXT), "Images", {"share": 0.5})
    assert found.kwargs["test"] == 0.5


def test_settings():
    assert data_settings(load_text(TEXT), "Images") == {"shuffle": False}


def columns(split: str, **options):
    graph = elaborate_columns(load_text(TEXT), "Images", split, SOURCES, **options)
    raw = {f"{split}.images": np.array([[0, 51], [102, 153], [204, 255]], np.uint8)}
    return evaluate(graph, {**raw, f"{split}.labels": np.array([3, 1, 2])})


def test_columns_are_computed_for_the_split_at_hand():
    found = columns("test")
    np.testing.assert_allclose(found["image"], [[0, 0.2], [0.4, 0.6], [0.8, 1.0]], rtol=1e-6)
    assert found["digit"].tolist() == [3, 1, 2]
    assert set(found) == {"image", "digit", "images", "labels"}


def test_only_wanted_columns():
    assert set(columns("test", wanted={"image"})) == {"image"}


def test_augmentation_changes_its_own_split_only():
    assert has_augmentation(load_text(TEXT), "Images", "train")
    assert not has_augmentation(load_text(TEXT), "Images", "test")
    plain, changed = columns("train"), columns("train", augment=True)
    np.testing.assert_allclose(changed["image"], plain["image"] + 1)
    np.testing.assert_array_equal(columns("test", augment=True)["image"], plain["image"])


def test_unknown_columns_are_refused_with_a_suggestion():
    checked = load_text('data D { train = csv("a.csv")\n x = train.imges }\n')
    with pytest.raises(TreadleError) as caught:
        elaborate_columns(checked, "D", "train", SOURCES)
    (found,) = caught.value.diagnostics
    assert found.code == "E0309"
    assert found.hint == "did you mean `images`?"


def test_checking_reads_no_files_and_finds_unknown_names():
    text = """
data Images {
  train = csv("missing.csv")
  image = scaled_to(train.images, 28)
  digit = train.labels
  doubled = image * 2
  augment(train) { digit = shift(digit) }
}
"""
    with pytest.raises(TreadleError) as caught:
        load_text(text)
    found = [(problem.code, problem.message) for problem in caught.value.diagnostics]
    assert found == [("E0301", "`scaled_to` is not defined"), ("E0301", "`shift` is not defined")]


def test_checking_knows_the_sources():
    with pytest.raises(TreadleError) as caught:
        load_text('data Images { train = cvs("a.csv") }')
    assert [problem.code for problem in caught.value.diagnostics] == ["E0705"]


def test_every_source_has_a_reader():
    assert tuple(source_names()) == KNOWN_SOURCES
