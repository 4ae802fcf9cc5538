"""Archives of graphs become tables, whole or one row per graph; what does not fit is refused by name."""

import numpy as np
import pytest

from treadle.errors import TreadleError
from treadle.train.data import Folders, Request, load_source

CITATIONS = {
    "features": np.eye(4, 3),
    "labels": np.array([0, 1, 1, 0]),
    "edge_index": np.array([[0, 1, 2], [1, 0, 3]]),
    "train_mask": np.array([True, False, False, False]),
    "test_mask": np.array([False, False, True, True]),
}
MOLECULES = {
    "atom_features": np.arange(12).reshape(6, 2),
    "atom_offsets": np.array([0, 2, 3, 6]),
    "edge_index": np.array([[0, 1, 0, 2], [1, 0, 2, 0]]),
    "edge_features": np.array([[0], [0], [2], [2]]),
    "edge_offsets": np.array([0, 2, 2, 4]),
    "target": np.array([0.5, 1.5, 2.5]),
}


def load(tmp_path, loader, arrays, **named):
    np.savez(tmp_path / "graph.npz", **arrays)
    return load_source(Request(loader, ("graph.npz",), named, Folders((tmp_path,))))


def refusal(tmp_path, loader, arrays, **named):
    with pytest.raises(TreadleError) as caught:
        load(tmp_path, loader, arrays, **named)
    return caught.value.diagnostics[0]


def test_a_graph_is_one_row_and_splits_are_masks(tmp_path):
    splits = load(tmp_path, "graph", CITATIONS)
    assert list(splits) == ["train", "test"]
    types = {name: str(type_) for name, type_ in splits["test"].types().items()}
    assert types == {
        "features": "f32[1, 4, 3]",
        "labels": "i64[1, 4]",
        "edges": "i64[1, 2, 3]",
        "mask": "bool[1, 4]",
    }
    assert splits["test"].columns["mask"].tolist() == [[False, False, True, True]]


def test_small_graphs_are_filled_up(tmp_path):
    columns = load(tmp_path, "molecules", MOLECULES)["train"].columns
    assert columns["sizes"].tolist() == [2, 1, 3]
    assert columns["atoms"][0].tolist() == [[0, 1], [2, 3], [0, 0]]
    assert columns["atoms"][2].tolist() == [[6, 7], [8, 9], [10, 11]]
    assert columns["bonds"][0].tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    assert columns["bonds"][1].sum() == 0
    assert columns["bonds"][2].tolist() == [[0, 0, 3], [0, 0, 0], [3, 0, 0]]
    assert columns["targets"].tolist() == [0.5, 1.5, 2.5]


def test_graphs_that_are_too_large_are_left_out(tmp_path):
    columns = load(tmp_path, "molecules", MOLECULES, largest=2)["train"].columns
    assert columns["sizes"].tolist() == [2, 1]
    assert columns["atoms"].shape == (2, 2, 2)
    assert columns["bonds"].sum() == 2


@pytest.mark.parametrize(
    ("loader", "change", "code", "words"),
    [
        ("graph", {"labels": None}, "E0706", "no array `labels`"),
        ("graph", {"labels": np.zeros(5)}, "E0703", "[4]"),
        ("graph", {"edge_index": np.zeros((3, 2))}, "E0703", "[2, any]"),
        ("graph", {"edge_index": np.array([[0], [4]])}, "E0709", "not there"),
        ("graph", {"train_mask": None}, "E0706", "no array `train_mask`"),
        ("molecules", {"atom_offsets": np.array([0, 2, 3, 5])}, "E0702", "does not divide 6 rows"),
        ("molecules", {"edge_index": np.array([[0, 1, 0, 3], [1, 0, 2, 0]])}, "E0709", "not there"),
        ("molecules", {"edge_features": np.zeros((3, 1))}, "E0703", "[4, any]"),
        ("molecules", {"atom_offsets": np.array([0, 0, 0, 0]), "atom_features": np.zeros((0, 2)),
                       "edge_index": np.zeros((2, 0)), "edge_features": np.zeros((0, 1)),
                       "edge_offsets": np.zeros(4)}, "E0708", "largest"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path, loader, change, code, words):
    arrays = {"graph": CITATIONS, "molecules": MOLECULES}[loader] | change
    found = refusal(tmp_path, loader, {name: array for name, array in arrays.items() if array is not None})
    assert found.code == code
    assert words in f"{found.message} {found.hint}"


def test_shapes_have_masks_and_boxes_that_agree():
    splits = load_source(Request("shapes", (40,), {"size": 24, "most": 4, "test": 0.25}))
    again = load_source(Request("shapes", (40,), {"size": 24, "most": 4, "test": 0.25}))
    columns = splits["train"].columns
    np.testing.assert_array_equal(columns["images"], again["train"].columns["images"])
    assert (splits["train"].size, splits["test"].size) == (30, 10)
    for mask, boxes, kinds in zip(*(columns[name] for name in ("masks", "boxes", "kinds")), strict=True):
        assert (kinds > 0).any()
        for box, kind in zip(boxes[kinds > 0], kinds[kinds > 0], strict=True):
            left, top, right, bottom = box.astype(int)
            part = mask[top:bottom, left:right]
            assert set(np.unique(part)) <= {0, kind}
            for edge in (part[0], part[-1], part[:, 0], part[:, -1]):
                assert (edge == kind).any() or kind == 3  # the tip of a triangle may be between pixels
        assert (mask > 0).sum() == sum(
            (mask[int(b[1]) : int(b[3]), int(b[0]) : int(b[2])] > 0).sum() for b in boxes[kinds > 0]
        )
