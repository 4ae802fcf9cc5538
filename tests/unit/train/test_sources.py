"""Loaders give typed, equally long columns, the same for the same seed, and refuse wrong files by name."""

import gzip
import struct

import numpy as np
import pytest

from treadle.errors import TreadleError
from treadle.train.data import Folders, Request, load_source, source_names
from treadle.train.data.sklearn_sets import read_file, read_with_sklearn


def request(tmp_path, loader, *positional, **named):
    return Request(loader, positional, named, Folders((tmp_path,)))


def refusal(tmp_path, loader, *positional, **named):
    with pytest.raises(TreadleError) as caught:
        load_source(request(tmp_path, loader, *positional, **named))
    return caught.value.diagnostics[0]


def test_digits_are_split_reproducibly(tmp_path):
    one, two = (load_source(request(tmp_path, "sklearn", "digits", test=0.2)) for _ in range(2))
    assert (one["train"].size, one["test"].size) == (1438, 359)
    assert str(one["train"].types()["images"]) == "f32[1438, 8, 8]"
    np.testing.assert_array_equal(one["test"].columns["images"], two["test"].columns["images"])


@pytest.mark.parametrize("name", ["iris", "wine", "diabetes", "breast_cancer"])
def test_sklearn_tables(tmp_path, name):
    table = load_source(request(tmp_path, "sklearn", name))["train"]
    assert table.columns["data"].shape[0] == table.size > 100


@pytest.mark.parametrize("name", ["digits", "iris", "wine", "breast_cancer"])
def test_files_of_sklearn_are_read_as_sklearn_does(tmp_path, name):
    read = read_file(name)
    assert read is not None
    for mine, theirs in zip(read, read_with_sklearn(name, request(tmp_path, "sklearn", name)), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_splits_share_no_example(tmp_path):
    splits = load_source(request(tmp_path, "table", list(range(100)), test=0.2, validation=0.1))
    parts = [set(splits[name].columns["values"].tolist()) for name in ("train", "validation", "test")]
    assert [len(part) for part in parts] == [70, 10, 20]
    assert set.union(*parts) == set(range(100))


def folded(tmp_path, fold, **named):
    return load_source(request(tmp_path, "table", list(range(50)), folds=4, fold=fold, **named))


def test_each_example_is_in_one_fold_and_none_is_in_the_test(tmp_path):
    splits = [folded(tmp_path, fold, test=0.2) for fold in range(4)]
    values = [{name: set(table.columns["values"]) for name, table in found.items()} for found in splits]
    assert len({frozenset(found["test"]) for found in values}) == 1
    assert sum(len(found["validation"]) for found in values) == 40
    for found in values:
        assert found["train"] | found["validation"] | found["test"] == set(range(50))
        assert not found["train"] & found["validation"]


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ({"folds": 4, "fold": 4}, "E0411"),
        ({"folds": 60}, "E0708"),
        ({"folds": 4, "validation": 0.1}, "E0314"),
    ],
)
def test_folds_that_cannot_be(tmp_path, named, code):
    assert refusal(tmp_path, "table", list(range(50)), **named).code == code


def idx_bytes(array):
    return (
        struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
        + array.astype(np.uint8).tobytes()
    )


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_reads_what_was_written(tmp_path, suffix):
    images, labels = np.arange(24).reshape(2, 3, 4), np.array([7, 9])
    for name, array in {"images": images, "labels": labels}.items():
        content = idx_bytes(array)
        (tmp_path / f"{name}{suffix}").write_bytes(gzip.compress(content) if suffix else content)
    table = load_source(request(tmp_path, "idx", f"images{suffix}", f"labels{suffix}"))["train"]
    np.testing.assert_array_equal(table.columns["images"], images)
    np.testing.assert_array_equal(table.columns["labels"], labels)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "expected 0, 0, type, rank"),
        (b"\x89PNG....", "expected 0, 0, type, rank"),
        (idx_bytes(np.zeros((2, 3)))[:6], "ends in its header"),
        (idx_bytes(np.zeros((2, 3)))[:-1], "needs 6 bytes, found 5"),
        (idx_bytes(np.zeros((2, 3))) + b"x", "found more"),
        (struct.pack(">BBBB3I", 0, 0, 8, 3, 2**31, 2**31, 2**31), "at most"),
    ],
)
def test_damaged_idx_is_refused(tmp_path, content, words):
    (tmp_path / "images").write_bytes(content)
    problem = refusal(tmp_path, "idx", "images", "images")
    assert problem.code == "E0702"
    assert words in problem.message
    assert "images" in problem.message


def test_truncated_gzip_is_refused(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(idx_bytes(np.zeros((50, 50))))[:-9])
    assert refusal(tmp_path, "idx", "a.gz", "a.gz").code == "E0702"


def test_npz_prefixes_are_splits(tmp_path):
    np.savez(tmp_path / "m.npz", train_x=np.zeros((5, 2), np.float32), test_x=np.ones((3, 2), np.float32))
    splits = load_source(request(tmp_path, "npz", "m.npz"))
    assert {name: table.size for name, table in splits.items()} == {"train": 5, "test": 3}


def test_few_examples_of_an_archive_to_train_on(tmp_path):
    np.savez(tmp_path / "m.npz", train_x=np.arange(5), test_x=np.arange(3))
    splits = load_source(request(tmp_path, "npz", "m.npz", examples=2))
    assert splits["train"].columns["x"].tolist() == [0, 1]
    assert splits["test"].size == 3


def test_pickles_in_npz_are_refused(tmp_path):
    np.savez(tmp_path / "m.npz", x=np.array([{"a": 1}], dtype=object))
    assert refusal(tmp_path, "npz", "m.npz").code == "E0702"


def test_truncated_npz_is_refused(tmp_path):
    np.savez(tmp_path / "m.npz", x=np.zeros(1000))
    (tmp_path / "m.npz").write_bytes((tmp_path / "m.npz").read_bytes()[:500])
    assert refusal(tmp_path, "npz", "m.npz").code == "E0702"


def test_npz_columns_of_different_lengths(tmp_path):
    np.savez(tmp_path / "m.npz", x=np.zeros(4), y=np.zeros(5))
    problem = refusal(tmp_path, "npz", "m.npz")
    assert (problem.code, "`x` 4, `y` 5" in problem.message) == ("E0707", True)


def test_csv_numbers_and_classes(tmp_path):
    (tmp_path / "t.csv").write_text("a,b,kind\n1,2,cat\n3,4.5,ape\n")
    table = load_source(request(tmp_path, "csv", "t.csv", target="kind"))["train"]
    np.testing.assert_array_equal(table.columns["data"], [[1, 2], [3, 4.5]])
    np.testing.assert_array_equal(table.columns["target"], [1, 0])


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "E0702", "no rows"),
        ("a,b\n", "E0702", "no rows"),
        ("a,b\n1,2\n3\n", "E0702", "row 3: expected 2 cells, found 1"),
        ("a,b\n1,2\n3,\n", "E0712", "row 2 of column `b`"),
        ("a,b\n1,2\n3,inf\n", "E0712", "'inf'"),
        ("a,a\n1,2\n", "E0702", "two columns are named `a`"),
    ],
)
def test_wrong_csv_is_refused(tmp_path, text, code, words):
    (tmp_path / "t.csv").write_text(text)
    problem = refusal(tmp_path, "csv", "t.csv")
    assert problem.code == code
    assert words in problem.message


def test_chars_are_windows_of_contiguous_parts(tmp_path):
    (tmp_path / "t.txt").write_text("abcdefghij" * 4)
    splits = load_source(request(tmp_path, "chars", "t.txt", length=4, test=0.25))
    train = splits["train"].columns
    np.testing.assert_array_equal(train["inputs"][0], [0, 1, 2, 3])
    np.testing.assert_array_equal(train["targets"][0], [1, 2, 3, 4])
    assert (splits["train"].size, splits["test"].size) == (7, 2)


def test_words_are_numbered_by_frequency(tmp_path):
    (tmp_path / "t.txt").write_text("the cat the dog the cat bird")
    table = load_source(request(tmp_path, "words", "t.txt", length=6, vocabulary=3))["train"]
    np.testing.assert_array_equal(table.columns["inputs"][0], [1, 2, 1, 0, 1, 2])


def test_text_that_is_no_text(tmp_path):
    (tmp_path / "t.txt").write_bytes(b"\xff\xfe\x00")
    assert refusal(tmp_path, "chars", "t.txt", length=4).code == "E0702"


@pytest.mark.parametrize("name", ["gaussians", "circles", "moons", "xor"])
def test_synthetic_sets_repeat(tmp_path, name):
    one, two = (load_source(request(tmp_path, name))["train"] for _ in range(2))
    assert str(one.types()["points"]) == f"f32[{one.size}, 2]"
    np.testing.assert_array_equal(one.columns["points"], two.columns["points"])


def test_gaussians_lie_on_the_circle(tmp_path):
    table = load_source(request(tmp_path, "gaussians", 8, count=500, radius=3, deviation=0))["train"]
    np.testing.assert_allclose(np.hypot(*table.columns["points"].T), 3, rtol=1e-6)
    assert set(table.columns["labels"].tolist()) == set(range(8))


def test_inline_columns(tmp_path):
    columns = load_source(request(tmp_path, "table", x=[[0, 0.5], [1, 1]], y=[0, 1]))["train"].types()
    assert {name: str(kind) for name, kind in columns.items()} == {"x": "f32[2, 2]", "y": "i64[2]"}


@pytest.mark.parametrize(
    ("loader", "positional", "named", "code"),
    [
        ("sklaern", ["digits"], {}, "E0705"),
        ("sklearn", ["digit"], {}, "E0705"),
        ("sklearn", [], {}, "E0304"),
        ("sklearn", [3], {}, "E0314"),
        ("sklearn", ["iris"], {"tset": 0.2}, "E0303"),
        ("sklearn", ["iris"], {"test": 1.5}, "E0411"),
        ("sklearn", ["iris"], {"test": 1.0}, "E0708"),
        ("idx", ["nowhere", "nowhere"], {}, "E0701"),
        ("npz", ["/etc/passwd"], {}, "E0710"),
        ("npz", ["../secret.npz"], {}, "E0710"),
        ("npz", ["a\0b"], {}, "E0710"),
        ("table", [[[1, 2], [3]]], {}, "E0703"),
        ("table", ["abc"], {}, "E0314"),
        ("table", [[1.0, float("nan")]], {}, "E0712"),
        ("xor", [1, 0, 0, True, 0, 2, 0, 9], {}, "E0305"),
        ("gaussians", [0], {}, "E0411"),
    ],
)
def test_wrong_calls_are_refused(tmp_path, loader, positional, named, code):
    assert refusal(tmp_path, loader, *positional, **named).code == code


def test_missing_file_names_the_folders_and_a_near_name(tmp_path):
    (tmp_path / "mnist.npz").write_bytes(b"")
    problem = refusal(tmp_path, "npz", "mnits.npz")
    assert str(tmp_path) in problem.message
    assert problem.hint == "did you mean `mnist.npz`?"


def test_every_source_exists():
    for name in source_names():
        with pytest.raises(TreadleError) as caught:
            load_source(Request(name, named={"surely_unknown": 1}))
        assert caught.value.diagnostics[0].code != "E0705"


def test_series_are_windows_one_step_apart_and_split_in_time(tmp_path):
    (tmp_path / "s.csv").write_text("year,spots\n" + "".join(f"{1700 + i},{i}\n" for i in range(20)))
    splits = load_source(request(tmp_path, "series", "s.csv", column="spots", length=4, test=0.4))
    train, test = splits["train"].columns, splits["test"].columns
    assert train["inputs"].shape == (8, 4, 1)
    np.testing.assert_array_equal(train["targets"], train["inputs"] + 1)
    assert train["targets"].max() < test["inputs"].min()
    two = load_source(request(tmp_path, "series", "s.csv", column="spots", length=4, ahead=2))[
        "train"
    ].columns
    np.testing.assert_array_equal(two["targets"], two["inputs"] + 2)


def test_series_refuse_what_is_no_series(tmp_path):
    (tmp_path / "s.csv").write_text("day,spots\nmon,1\ntue,2\n")
    assert refusal(tmp_path, "series", "s.csv", column="spot", length=1).code == "E0706"
    assert refusal(tmp_path, "series", "s.csv", column="day", length=1).code == "E0704"
    assert refusal(tmp_path, "series", "s.csv", column="spots", length=2).code == "E0708"


SENTENCES = "label\tsentence\n1\tA good good film\n0\ta bad film\n1\tgood\n0\tbad bad bad film\n"


def test_sentences_are_rows_of_word_numbers(tmp_path):
    (tmp_path / "s.tsv").write_text(SENTENCES)
    table = load_source(
        request(
            tmp_path,
            "sentences",
            "s.tsv",
            text="sentence",
            label="label",
            length=3,
            vocabulary=7,
            shuffle=False,
        )
    )["train"]
    # by frequency: bad 4 (4), film 3 (5), good 3 (6); a is beyond the vocabulary
    np.testing.assert_array_equal(table.columns["tokens"], [[1, 6, 6], [1, 4, 5], [6, 0, 0], [4, 4, 4]])
    np.testing.assert_array_equal(table.columns["lengths"], [3, 3, 1, 3])
    np.testing.assert_array_equal(table.columns["labels"], [1, 0, 1, 0])


def test_sentences_may_be_compressed_and_made_of_characters(tmp_path):
    (tmp_path / "s.tsv.gz").write_bytes(gzip.compress(SENTENCES.encode()))
    table = load_source(request(tmp_path, "sentences", "s.tsv.gz", text="sentence", length=5, level="char"))
    assert table["train"].columns["tokens"].shape == (4, 5)


def test_pairs_stand_between_marks_and_are_split_by_a_column(tmp_path):
    (tmp_path / "p.tsv").write_text("split\ten\tde\ntrain\ta b\tx\nval\tb\tx y\ntest2016\tc c c c\ty\n")
    splits = load_source(
        request(tmp_path, "pairs", "p.tsv", source="en", target="de", length=4, split="split")
    )
    assert {name: split.size for name, split in splits.items()} == {"train": 1, "validation": 1, "test": 1}
    np.testing.assert_array_equal(splits["train"].columns["source"], [[2, 4, 5, 3]])
    np.testing.assert_array_equal(splits["validation"].columns["target"], [[2, 4, 1, 3]])
    np.testing.assert_array_equal(splits["test"].columns["source"], [[2, 1, 1, 3]])
    assert splits["validation"].columns["source_lengths"].tolist() == [3]


def test_text_tables_are_refused_with_reasons(tmp_path):
    (tmp_path / "s.tsv").write_text(SENTENCES)
    (tmp_path / "ragged.tsv").write_text("a\tb\n1\n")
    (tmp_path / "p.tsv").write_text("split\ten\tde\nother\ta\tx\n")
    assert refusal(tmp_path, "sentences", "s.tsv", text="sentense", length=3).code == "E0706"
    assert refusal(tmp_path, "sentences", "ragged.tsv", text="a", length=3).code == "E0702"
    assert refusal(tmp_path, "sentences", "s.tsv", text="sentence", length=3, level="line").code == "E0314"
    wrong = refusal(tmp_path, "pairs", "p.tsv", source="en", target="de", length=4, split="split")
    assert "knows no split 'other'" in wrong.message


def test_sentences_with_synonyms(tmp_path):
    (tmp_path / "s.tsv").write_text("text\na good film\nthe movie\nbad picture\n")
    groups = [["film", "movie", "cinema"], ["good", "fine"], ["bad", "awful"], ["picture", "film"]]
    asked = request(tmp_path, "sentences", "s.tsv", length=4, synonyms=groups, shuffle=False)
    columns = load_source(asked)["train"].columns
    film, movie = columns["tokens"][0, 2], columns["tokens"][1, 1]
    assert columns["synonyms"][2, 1] == film
    assert film != movie
    kept = columns["tokens"].copy()
    kept[2, 1] = film
    np.testing.assert_array_equal(np.delete(columns["synonyms"].ravel(), 2), np.delete(kept.ravel(), 2))


@pytest.mark.parametrize("groups", [["film"], [["film", 3]], "film"])
def test_synonyms_are_groups_of_words(tmp_path, groups):
    (tmp_path / "s.tsv").write_text("text\na film\n")
    assert refusal(tmp_path, "sentences", "s.tsv", length=4, synonyms=groups).code == "E0314"


def test_names_that_no_system_has_are_not_found(tmp_path):
    assert refusal(tmp_path, "csv", "a" * 5000 + ".csv").code == "E0701"
