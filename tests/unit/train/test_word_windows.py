"""Words meet the words around them; pairs are counted by distance; frequent words have short paths."""

import gzip

import numpy as np
import pytest

from treadle.errors import TreadleError
from treadle.train.data import Folders, Request, load_source
from treadle.train.data.huffman import huffman_paths
from treadle.train.data.word_windows import known_symbols

TEXT = "A b a c\na b\nlonely\n"  # a 4, b 5, c 6, lonely 7


def request(tmp_path, loader, **named):
    (tmp_path / "text.txt").write_text(TEXT)
    return Request(loader, ["text.txt"], named, Folders((tmp_path,)))


def load(tmp_path, loader, **named):
    return load_source(request(tmp_path, loader, **named))["train"]


def pairs(table):
    return list(zip(table.columns["centres"].tolist(), table.columns["contexts"].tolist(), strict=True))


def test_pairs_stay_within_a_sentence(tmp_path):
    found = pairs(load(tmp_path, "skipgrams", window=1))
    assert sorted(found) == sorted([(4, 5), (5, 4), (5, 4), (4, 6), (6, 4), (4, 5), (5, 4), (4, 5)])


def test_windows_are_filled_up_with_zeros(tmp_path):
    table = load(tmp_path, "word_windows", window=2)
    assert str(table.types()["contexts"]) == "i64[7, 4]"
    np.testing.assert_array_equal(table.columns["centres"], [4, 5, 4, 6, 4, 5, 7])
    np.testing.assert_array_equal(table.columns["contexts"][:3], [[0, 0, 5, 4], [0, 4, 4, 6], [4, 5, 6, 0]])
    np.testing.assert_array_equal(table.columns["contexts"][-1], [0, 0, 0, 0])


def test_words_beyond_the_vocabulary_close_up(tmp_path):
    table = load(tmp_path, "word_windows", window=1, vocabulary=5)
    np.testing.assert_array_equal(table.columns["contexts"], [[0, 4], [4, 0], [0, 0]])


def test_case_may_stay(tmp_path):
    symbols, between = known_symbols(request(tmp_path, "skipgrams", window=1, lower=False))
    assert symbols[4:] == ["a", "b", "A", "c", "lonely"]
    assert between == " "


def test_near_pairs_count_more(tmp_path):
    table = load(tmp_path, "cooccurrences", window=3)
    counts = dict(zip(pairs(table), table.columns["counts"].tolist(), strict=True))
    assert counts == pytest.approx(
        {(4, 4): 1.0, (4, 5): 3.0, (5, 4): 3.0, (4, 6): 4 / 3, (6, 4): 4 / 3, (5, 6): 0.5, (6, 5): 0.5}
    )


def test_frequent_words_are_left_out_by_chance(tmp_path):
    (tmp_path / "long.txt").write_text("the the the cat\n" * 1000)
    made = Request("word_windows", ["long.txt"], {"window": 1, "subsample": 0.12}, Folders((tmp_path,)))
    centres = load_source(made)["train"].columns["centres"]
    assert 0.37 < np.mean(np.isin(centres, 4)) * len(centres) / 3000 < 0.43
    assert 0.65 < np.sum(centres == 5) / 1000 < 0.73


def test_paths_lead_from_the_root_to_the_centre(tmp_path):
    table = load(tmp_path, "word_windows", window=1, paths=True)
    assert str(table.types()["paths"]) == str(table.types()["turns"])
    ways = {
        (centre, *path, *turn)
        for centre, path, turn in zip(
            table.columns["centres"].tolist(),
            table.columns["paths"].tolist(),
            table.columns["turns"].tolist(),
            strict=True,
        )
    }
    assert len(ways) == 4


def test_huffman_paths_are_short_for_frequent_words_and_all_different():
    counts = [50, 20, 12, 10, 5, 4]
    paths, turns = huffman_paths(counts)
    lengths = np.abs(turns).sum(axis=1)
    assert lengths.tolist() == [1, 2, 3, 4, 5, 5]
    assert (paths[:, 0] == len(counts) - 2).all()
    assert paths.max() == len(counts) - 2
    assert len({tuple(row) for row in np.concatenate([paths, turns], axis=1).tolist()}) == len(counts)
    assert sum(0.5 ** int(length) for length in lengths) == 1.0


def test_texts_may_be_compressed(tmp_path):
    with gzip.open(tmp_path / "t.gz", "wt", encoding="utf-8") as stream:
        stream.write(TEXT)
    table = load_source(Request("skipgrams", ["t.gz"], {"window": 1}, Folders((tmp_path,))))["train"]
    assert table.size == 8


@pytest.mark.parametrize(
    ("loader", "named", "code"),
    [
        ("skipgrams", {"window": 0}, "E0411"),
        ("skipgrams", {"wndow": 2}, "E0303"),
        ("skipgrams", {"vocabulary": 4}, "E0411"),
        ("skipgrams", {"vocabulary": 5, "window": 1, "path": "alone.txt"}, "E0708"),
        ("word_windows", {"path": "empty.txt"}, "E0708"),
        ("cooccurrences", {"path": "nowhere.txt"}, "E0701"),
        ("cooccurrences", {"paths": True}, "E0303"),
        ("word_windows", {"path": "blob.txt"}, "E0702"),
    ],
)
def test_wrong_calls_and_files_are_refused(tmp_path, loader, named, code):
    (tmp_path / "alone.txt").write_text("one\ntwo\n")
    (tmp_path / "empty.txt").write_text("\n \n")
    (tmp_path / "blob.txt").write_bytes(b"\xff\xfe\x00")
    named = {"path": "text.txt", **named}
    (tmp_path / "text.txt").write_text(TEXT)
    with pytest.raises(TreadleError) as caught:
        load_source(Request(loader, (), named, Folders((tmp_path,))))
    assert caught.value.diagnostics[0].code == code
