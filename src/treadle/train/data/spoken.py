"""Spoken digits as spectra: `spoken("spoken_digits.npz", length = 48, bands = 32)`.

The archive holds `samples` of all recordings one after the other, `offsets` where each begins, `labels`, and
`takes`, the number of a recording among those of the same speaker and digit: the first five are for testing.
Columns: `spectra` f32[n, length, bands], `lengths` i64[n], `labels` i64[n]. Formula: log(1e-3 + power) of
frames of 256 samples, half overlapping, in bands as wide as the ear's (mel), minus the mean of the recording.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from treadle.errors import fail
from treadle.train.data.npz import read_npz
from treadle.train.data.numbers import finite_numbers, whole_numbers
from treadle.train.data.request import Request
from treadle.train.data.table import Array, Splits, make_table

FRAME, HOP = 256, 128
_TEST_TAKES = 5
_ARRAYS = ("samples", "offsets", "labels", "takes")

Floats = npt.NDArray[np.float64]


def load_spoken(request: Request) -> Splits:
    """`spoken(path, length, bands, rate)`: rate is the number of samples in a second.

    Raises:
        TreadleError: E0701, E0702 for wrong files, E0706 for missing arrays, E0707 for offsets that do not
            fit the samples, E0708 when a split would be empty.
    """
    path = request.folders.find(request.text("path"), "an .npz archive of recordings", request.span)
    length = request.integer("length", 48, low=1, high=10_000)
    bands = request.integer("bands", 32, low=1, high=FRAME // 2)
    weights = mel_bands(bands, request.integer("rate", 8000, low=1))
    request.finish()
    arrays = read_npz(path, request)
    for name in _ARRAYS:
        if name not in arrays:
            fail("E0706", f"{path} has no array `{name}`", request.span, hint=f"it has: {', '.join(arrays)}")
    for name in ("offsets", "labels", "takes"):
        arrays[name] = whole_numbers(arrays[name], f"`{name}` of {path}", request.span)
    finite_numbers(arrays["samples"], f"`samples` of {path}", request.span)
    clips = _clips(arrays, str(path), request)
    return _splits([spectrum(clip, weights)[:length] for clip in clips], arrays, length, request)


def spectrum(clip: Array, weights: Floats) -> Floats:
    """Log powers of each frame in each band [frames, bands], their mean subtracted."""
    padded = np.pad(clip.astype(np.float64) / 2**15, (0, max(FRAME - len(clip), 0)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP] * np.hanning(FRAME)
    power = abs(np.fft.rfft(frames)) ** 2
    bands: Floats = np.log(1e-3 + power @ weights)
    return np.asarray(bands - bands.mean())


def mel_bands(bands: int, rate: int) -> Floats:
    """Triangles [frequencies, bands], evenly spaced in mel = log(1 + f / 700)."""
    edges = 700 * np.expm1(np.linspace(0, np.log1p(rate / 2 / 700), bands + 2))
    frequency = np.linspace(0, rate / 2, FRAME // 2 + 1)[:, None]
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (frequency - low) / (middle - low), (high - frequency) / (high - middle)
    return np.asarray(np.maximum(np.minimum(rising, falling), 0))


def _clips(arrays: dict[str, Array], path: str, request: Request) -> list[Array]:
    samples, offsets = arrays["samples"], arrays["offsets"]
    lengths = np.diff(offsets)
    fits = samples.ndim == offsets.ndim == 1 and len(lengths) == len(arrays["labels"]) == len(arrays["takes"])
    if not fits or (lengths <= 0).any() or offsets[0] < 0 or offsets[-1] > len(samples):
        fail("E0707", f"the offsets, labels and takes of {path} do not fit its samples", request.span)
    return [samples[start:stop] for start, stop in pairwise(offsets)]


def _splits(spectra: list[Floats], arrays: dict[str, Array], length: int, request: Request) -> Splits:
    lengths = np.array([len(one) for one in spectra], np.int64)
    padded = np.stack([np.pad(one, ((0, length - len(one)), (0, 0))) for one in spectra])
    columns: dict[str, Array] = {"spectra": padded.astype(np.float32), "lengths": lengths}
    columns["labels"] = arrays["labels"]
    for_test = np.less(arrays["takes"], _TEST_TAKES)
    whole = make_table(columns, "the recordings", request.span)
    parts = {"train": np.flatnonzero(~for_test), "test": np.flatnonzero(for_test)}
    if not len(parts["train"]):
        request.refuse("E0708", "leaves no examples for `train`")
    return {name: whole.take(rows) for name, rows in parts.items() if len(rows)}
