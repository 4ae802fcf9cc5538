"""Made-up dates, digits and pictures are right and repeat; spoken digits become spectra of their bands."""

from datetime import date

import numpy as np
import pytest

from treadle.errors import TreadleError
from treadle.train.data import Folders, Request, load_source
from treadle.train.data.captions import COLOURS
from treadle.train.data.captions import SYMBOLS as WORDS
from treadle.train.data.dates import SYMBOLS, write_date
from treadle.train.data.vocabulary import BEGIN, END, PADDING


def load(tmp_path, loader, *positional, **named):
    return load_source(Request(loader, positional, named, Folders((tmp_path,))))


def refusal(tmp_path, loader, *positional, **named):
    with pytest.raises(TreadleError) as caught:
        load(tmp_path, loader, *positional, **named)
    return caught.value.diagnostics[0]


def text(row, symbols, between=""):
    return between.join(symbols[number] for number in row if number not in (PADDING, BEGIN, END))


def test_a_date_is_written_in_eight_ways():
    written = [write_date(date(1998, 3, 5), style) for style in range(8)]
    assert written == [
        "5 march 1998",
        "march 5, 1998",
        "5. mar 1998",
        "mar 5 1998",
        "5/3/1998",
        "05.03.1998",
        "1998 march 5",
        "05-mar-1998",
    ]


def test_dates_are_the_same_on_both_sides(tmp_path):
    table = load(tmp_path, "dates", 300)["train"]
    assert {name: str(type_) for name, type_ in table.types().items()} == {
        "source": "i64[300, 20]",
        "source_lengths": "i64[300]",
        "target": "i64[300, 12]",
        "target_lengths": "i64[300]",
    }
    for source, target in zip(table.columns["source"], table.columns["target"], strict=True):
        day = date.fromisoformat(text(target, SYMBOLS))
        assert text(source, SYMBOLS) in [write_date(day, style) for style in range(8)]
        assert target[0] == BEGIN
        assert target[-1] == END


@pytest.mark.parametrize("loader", ["dates", "captions", "digit_strings"])
def test_the_same_seed_gives_the_same_examples(tmp_path, loader):
    named = {"count": 40, "test": 0.25} | ({"length": 5} if loader == "digit_strings" else {})
    one, two = (load(tmp_path, loader, seed=3, **named) for _ in range(2))
    other = load(tmp_path, loader, seed=4, **named)
    assert (one["train"].size, one["test"].size) == (30, 10)
    for name, column in one["train"].columns.items():
        np.testing.assert_array_equal(column, two["train"].columns[name])
    assert any(
        (column != other["train"].columns[name]).any() for name, column in one["train"].columns.items()
    )


def test_short_strings_of_digits_end_in_tens(tmp_path):
    table = load(tmp_path, "digit_strings", 200, length=6, shortest=2)["train"]
    digits, lengths = table.columns["digits"], table.columns["lengths"]
    assert set(lengths.tolist()) == {2, 3, 4, 5, 6}
    np.testing.assert_array_equal(digits == 10, np.arange(6) >= lengths[:, None])
    assert set(digits.ravel().tolist()) == set(range(11))


def test_captions_say_which_colours_are_where(tmp_path):
    table = load(tmp_path, "captions", 60)["train"]
    assert str(table.types()["images"]) == "f32[60, 3, 16, 16]"
    for image, row, length in zip(*(table.columns[n] for n in ("images", "words", "lengths")), strict=True):
        words = text(row, WORDS, " ").split()
        assert len(words) + 2 == length
        places = [(8, 8)] if len(words) == 3 else [(4, 8), (11, 8)] if "above" in words else [(8, 4), (8, 11)]
        colours = [word for word in words if word in COLOURS]
        for place, colour in zip(places, colours, strict=True):
            np.testing.assert_allclose(image[:, *place], COLOURS[colour], rtol=1e-6)


def recordings(folder, **changes):
    """Six takes of two tones, a second long each."""
    time = np.arange(2000) / 8000
    tones = [np.sin(2 * np.pi * pitch * time) * 2**14 for pitch in (300, 2500)]
    arrays = {
        "samples": np.concatenate([tones[k % 2] for k in range(12)]).astype(np.int16),
        "offsets": np.arange(13) * 2000,
        "labels": np.array([k % 2 for k in range(12)], np.uint8),
        "takes": np.array([k // 2 for k in range(12)], np.uint8),
    } | changes
    np.savez(folder / "s.npz", **{name: array for name, array in arrays.items() if array is not None})


def test_recordings_become_spectra_with_the_loudest_band_at_the_tone(tmp_path):
    recordings(tmp_path)
    splits = load(tmp_path, "spoken", "s.npz", length=20, bands=16)
    assert (splits["train"].size, splits["test"].size) == (2, 10)
    table = splits["test"]
    assert str(table.types()["spectra"]) == "f32[10, 20, 16]"
    assert set(table.columns["lengths"].tolist()) == {1 + (2000 - 256) // 128}
    loudest = table.columns["spectra"][:, :14].mean(axis=1).argmax(axis=1)
    np.testing.assert_array_equal(loudest, np.where(table.columns["labels"] == 0, 2, 13))
    assert not table.columns["spectra"][:, 14:].any()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"takes": None}, "E0706"),
        ({"offsets": np.arange(13) * 3000}, "E0707"),
        ({"offsets": np.arange(12) * 2000}, "E0707"),
        ({"takes": np.zeros(12, np.uint8)}, "E0708"),
    ],
)
def test_archives_that_hold_no_recordings_are_refused(tmp_path, changes, code):
    recordings(tmp_path, **changes)
    assert refusal(tmp_path, "spoken", "s.npz").code == code


def test_wrong_arguments_are_refused(tmp_path):
    assert refusal(tmp_path, "digit_strings", 10).code == "E0304"
    assert refusal(tmp_path, "digit_strings", 10, length=3, shortest=4).code == "E0411"
    assert refusal(tmp_path, "captions", size=8).code == "E0411"
    assert refusal(tmp_path, "dates", style=2).code == "E0303"
    assert refusal(tmp_path, "spoken", "missing.npz").code == "E0701"
