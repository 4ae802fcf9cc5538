"""Spectra, resizing and quantised numbers in the library, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from support.spec_runs import codes, run_expression

RANDOM = np.random.default_rng(0)
REAL = RANDOM.normal(size=(2, 9, 3, 1)).astype(np.float32)
COMPLEX = RANDOM.normal(size=(2, 6, 3, 2)).astype(np.float32)
Z = COMPLEX[..., 0] + 1j * COMPLEX[..., 1]


def pairs(z):
    return np.stack([z.real, z.imag], -1)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("fourier(x, 1, 9)", pairs(np.fft.fft(REAL[..., 0], axis=1))),
        ("fourier(x, 1, 12)", pairs(np.fft.fft(REAL[..., 0], 12, axis=1))),
        ("fourier(x, 1, 7, onesided = true)", pairs(np.fft.rfft(REAL[..., 0], 7, axis=1))),
        ("fourier(z, 1, 6)", pairs(np.fft.fft(Z, axis=1))),
        ("fourier(z, -2, 3, inverse = true)", pairs(np.fft.ifft(Z, axis=2))),
        ("fourier(z, 1, 10, inverse = true, onesided = true)[..., 0]", np.fft.irfft(Z, 10, axis=1)),
        ("fourier(z, 1, 9, inverse = true, onesided = true)[..., 0]", np.fft.irfft(Z, 9, axis=1)),
        ("hann_window(8, periodic = false)", np.hanning(8)),
        ("hann_window(8)", np.hanning(9)[:-1]),
        ("hamming_window(8)", 25 / 46 - 21 / 46 * np.cos(np.arange(8) * np.pi / 4)),
        ("blackman_window(8, periodic = false)", np.blackman(8)),
        (
            "short_fourier(x[:, :, 0], 4, 2, hann_window(4))",
            np.stack(
                [pairs(np.fft.rfft(REAL[:, i : i + 4, 0, 0] * np.hanning(5)[:-1])) for i in (0, 2, 4)], 1
            ),
        ),
    ],
)
def test_spectra(expression, expected):
    np.testing.assert_allclose(run_expression(expression, x=REAL, z=COMPLEX), expected, rtol=1e-4, atol=3e-6)


RAMP = np.arange(4, dtype=np.float32)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("[8], [2.0]", [0, 0, 1, 1, 2, 2, 3, 3]),
        ('[8], [2.0], place = "asymmetric", rounding = "ceil"', [0, 1, 1, 2, 2, 3, 3, 3]),
        ('[3], [0.75], place = "align_corners", rounding = "round_prefer_ceil"', [0, 2, 3]),
        ('[8], [2.0], "linear"', [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]),
        ('[7], [1.75], "linear", "align_corners"', [0, 0.5, 1, 1.5, 2, 2.5, 3]),
        ('[2], [0.5], "linear", antialias = true', [5 / 8, 19 / 8]),
        ('[7], [1.75], "cubic", "align_corners", exclude = true', [0, 13 / 35, 1, 1.5, 2, 92 / 35, 3]),
        ('[1], [0.25], "linear", "pytorch_half_pixel"', [0]),
        ('[3], [0.75], "linear", "tf_crop_and_resize", region = [[0.0, 2.0]], outside = 9', [0, 3, 9]),
    ],
)
def test_resizing_a_ramp(settings, expected):
    np.testing.assert_allclose(run_expression(f"resize(x, [0], {settings})", x=RAMP), expected, atol=1e-6)


@pytest.mark.parametrize("place", ["half_pixel", "half_pixel_symmetric"])
def test_what_is_cut_off_a_rounded_size_is_shared(place):
    """Seven elements halved are three and a half: the symmetric way keeps the middle of three."""
    x = np.arange(7, dtype=np.float32)
    found = run_expression(f'resize(x, [0], [3], [0.5], "linear", "{place}")', x=x)
    np.testing.assert_allclose(found, [1, 3, 5] if place.endswith("symmetric") else [0.5, 2.5, 4.5])


def test_unknown_ways_to_resize_are_refused():
    for settings in ('"area"', '"linear", "middle"', '"nearest", rounding = "down"'):
        text = f"model M {{\ninput x: [4]\noutput y = resize(x, [0], [8], [2.0], {settings})\n}}\n"
        assert codes(text) == ["E0402"], settings


def test_the_middle_is_cut_or_surrounded_by_zeros():
    x = np.arange(15, dtype=np.float32).reshape(3, 5)
    np.testing.assert_array_equal(run_expression("centre(x, [1], [2])", x=x), x[:, 1:3])
    np.testing.assert_array_equal(
        run_expression("centre(x, [0, 1], [6, 5])", x=x), np.pad(x, ((1, 2), (0, 0)))
    )


def test_quantised_numbers_come_back_within_half_a_step():
    x = RANDOM.normal(size=40).astype(np.float32) * 3
    scale, zero = (run_expression(f"quantise_range(x)[{i}]", x=x) for i in (1, 2))
    back = run_expression("dequantise(quantise_range(x)[0], quantise_range(x)[1], quantise_range(x)[2])", x=x)
    assert np.abs(back - x).max() <= 0.51 * scale
    np.testing.assert_allclose(zero, np.rint(-x.min() / scale))


def test_integers_stay_in_their_range_and_halves_go_to_even_numbers():
    x = np.array([-9, 0.5, 1.5, 999], np.float32)
    np.testing.assert_array_equal(run_expression("quantise(x, 1.0, 2)", x=x), [0, 2, 4, 255])


def test_small_floats_have_few_bits():
    """Three bits after the point, exponents -6 to 8: steps of 1/8 from 1 to 2, of 2^-9 below 2^-6."""
    x = np.array([1.0625, 1.1875, -15.2, 3e-3, 1e-4, 460, 500, np.inf, np.nan], np.float32)
    found = run_expression("small_float(x, 3, [-6, 8], 448.0)", x=x)
    np.testing.assert_array_equal(found, [1, 1.25, -15, 2**-8, 0, 448, 448, 448, np.nan])
    found = run_expression("small_float(x, 3, [-6, 8], 448.0, inf)", x=-x)
    np.testing.assert_array_equal(found[5:], [-448, -np.inf, -np.inf, np.nan])


def test_the_remainder_of_an_infinite_divisor_is_the_number_or_the_divisor():
    x, y = (
        np.array([3, -3, 0, 5, 5], np.float32),
        np.array([np.inf, np.inf, -np.inf, -np.inf, -3], np.float32),
    )
    np.testing.assert_array_equal(run_expression("remainder(x, y)", x=x, y=y), [3, np.inf, 0, -np.inf, -1])
