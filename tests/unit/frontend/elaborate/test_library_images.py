"""Convolution, pooling, resizing and shapes in the library: any batch, other axes, refused settings.

Values and gradients on many shapes are proven by `tests/conformance`; here is what it does not reach.
"""

from __future__ import annotations

from math import prod

import numpy as np
import pytest

from support.spec_runs import codes, model, run_expression

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
RANDOM = np.random.default_rng(0)
IMAGE = np.arange(32, dtype=np.float32).reshape(1, 2, 4, 4)


@pytest.mark.parametrize(
    ("given", "layer", "result", "weights"),
    [
        ("[N, 4, 6, 7, 8]", "conv3d(6, groups = 2)", "[N, 6, 4, 5, 6]", 6 * 2 * 27 + 6),
        ("[N, 4, 6, 7, 8]", 'conv3d(6, kernel = [1, 3, 5], padding = "same")', "[N, 6, 6, 7, 8]", 366),
        ("[N, 4, 10]", 'conv1d(6, kernel = 4, padding = "same")', "[N, 6, 10]", 6 * 4 * 4 + 6),
        ("[N, 4, 10]", "conv1d(6, padding = [2, 0])", "[N, 6, 10]", 6 * 4 * 3 + 6),
        ("[N, 4, 10]", "conv_transpose1d(6, stride = 2)", "[N, 6, 21]", 6 * 4 * 3 + 6),
        ("[N, 4, 5, 5]", "conv_transpose2d(6, groups = 2, dilation = 2)", "[N, 6, 9, 9]", 4 * 3 * 9 + 6),
        (
            "[N, 4, 3, 4, 5]",
            "conv_transpose3d(2, stride = 2, padding = 1)",
            "[N, 2, 5, 7, 9]",
            4 * 2 * 27 + 2,
        ),
        ("[N, 3, 8, 9]", "max_pool2d(2, ceil_mode = true)", "[N, 3, 4, 5]", 0),
        ("[N, 3, 8, 9]", "max_pool2d(2, dilation = 3, stride = 1)", "[N, 3, 5, 6]", 0),
        ("[N, 3, 8, 9]", "avg_pool2d(2, ceil_mode = true)", "[N, 3, 4, 5]", 0),
        ("[N, 3, 8, 9]", "avg_pool2d(3, padding = 1, count_padding = false)", "[N, 3, 3, 3]", 0),
        ("[N, 3, 4, 8, 9]", "max_pool3d(2)", "[N, 3, 2, 4, 4]", 0),
        ("[N, 3, 4, 8, 9]", "avg_pool3d([1, 2, 3])", "[N, 3, 4, 4, 3]", 0),
        ("[N, 3, 8, 9]", "adaptive_avg_pool2d([3, none])", "[N, 3, 3, 9]", 0),
        ("[N, 3, 8, 9]", "adaptive_max_pool2d(4)", "[N, 3, 4, 4]", 0),
        ("[N, 3, 8]", "adaptive_avg_pool1d(3)", "[N, 3, 3]", 0),
        ("[N, 3, 8]", "adaptive_max_pool1d(8)", "[N, 3, 8]", 0),
        ("[N, 3, 8]", "local_response_norm()", "[N, 3, 8]", 0),
    ],
)
def test_layer(given, layer, result, weights):
    found = model(f"input x: {given}\noutput y = {layer}(x)")
    assert str(found.graph.outputs["output:y"].type) == f"f32{result}"
    assert sum(prod(leaf.type.shape) for leaf in found.leaves.values() if leaf.kind == "param") == weights


@pytest.mark.parametrize(
    ("given", "expression", "result"),
    [
        ("[N, 3, 4, 4]", "interpolate(x, scale = 2)", "[N, 3, 8, 8]"),
        ("[N, 3, 4, 4]", 'interpolate(x, scale = 0.5, mode = "area")', "[N, 3, 2, 2]"),
        ("[N, 3, 4, 4]", "unfold(x, 2)", "[N, 12, 9]"),
        ("[N, 12, 9]", "fold(x, [4, 4], 2)", "[N, 3, 4, 4]"),
        ("[N, 8, 4, 4]", "pixel_shuffle(x, 2)", "[N, 2, 8, 8]"),
        ("[N, 3, 4, 4]", "grid_sample(x, zeros[x.shape[0], 5, 6, 2])", "[N, 3, 5, 6]"),
        ("[N, 3, 4, 4]", "max_unpool(x, max_pool_positions(x, 1), [4, 4])", "[N, 3, 4, 4]"),
        ("[N, 6]", "unflatten(x, 1, [2, -1])", "[N, 2, 3]"),
        ("[N, 6, 2]", "move_axis(x, 0, -1)", "[6, 2, N]"),
        ("[N, 6]", "roll(x, 2, 1)", "[N, 6]"),
        ("[N, 6]", "tile(x, [2])", "[N, 12]"),
        ("[N, 6]", "diag_embed(x, 1)", "[N, 7, 7]"),
        ("[N, 5, 6]", "diagonal(x, 1, 1, 2)", "[N, 5]"),
        ("[N, 6]", 'pad_edges(x, 2, 1, 1, "circular")', "[N, 9]"),
        ("[N, 6]", "repeat_interleave(x, [0, 2, 1, 0, 0, 3], 1)", "[N, 6]"),
    ],
)
def test_any_batch(given, expression, result):
    found = model(f"input x: {given}\noutput y = {expression}")
    assert str(found.graph.outputs["output:y"].type) == f"f32{result}"


def test_the_largest_elements_and_their_places_agree():
    image = np.random.default_rng(0).permutation(32).reshape(1, 2, 4, 4).astype(np.float32)
    settings = "3, stride = 2, padding = 1, ceil_mode = true"
    largest = run_expression(f"max_pool(x, {settings})", x=image)
    places = run_expression(f"max_pool_positions(x, {settings})", x=image)
    flat = image.reshape(1, 2, 16)
    np.testing.assert_array_equal(
        np.take_along_axis(flat, places.reshape(1, 2, -1), 2), largest.reshape(1, 2, -1)
    )


def test_unpooling_gives_each_element_of_a_shared_place_the_whole_gradient():
    x = np.array([[5.0, 5.0, 7.0]])
    ids = np.array([[1, 1, 3]])
    assert run_expression("max_unpool(x, ids, [4])", x=x, ids=ids).tolist() == [[0, 5, 0, 7]]
    grad = run_expression("grad(sum(max_unpool(x, ids, [4]) * w), x)", x=x, ids=ids, w=np.arange(4.0))
    assert grad.tolist() == [[1, 1, 3]]


def test_sampling_on_the_grid_of_an_image_gives_the_image():
    at = np.linspace(-1, 1, 4, dtype=np.float32)
    grid = np.stack(np.meshgrid(at, at, indexing="xy"), -1)[None]
    for mode in ("bilinear", "nearest", "bicubic"):
        found = run_expression(f'grid_sample(x, g, mode = "{mode}", corners = true)', x=IMAGE, g=grid)
        np.testing.assert_allclose(found, IMAGE, atol=1e-4)


def test_resizing_there_and_back_keeps_straight_lines():
    line = np.linspace(0, 1, 5, dtype=np.float32).reshape(1, 1, 5)
    there = 'interpolate(x, size = 9, mode = "linear", corners = true)'
    found = run_expression(f'interpolate({there}, size = 5, mode = "linear", corners = true)', x=line)
    np.testing.assert_allclose(found, line, atol=1e-6)


def test_columns_of_windows_return_to_their_places():
    counts = run_expression("fold(unfold(x, 2), [4, 4], 2) / x", x=IMAGE + 1)
    rows = np.array([1, 2, 2, 1])
    np.testing.assert_allclose(counts[0, 0], rows[:, None] * rows)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('pad_edges(x, 2, 1, -1, "reflect")', np.pad(X, ((0, 0), (0, 0), (2, 1)), mode="reflect")),
        ('pad_edges(x, 1, 2, [0, 1], "replicate")', np.pad(X, ((1, 2), (1, 2), (0, 0)), mode="edge")),
        ('pad_edges(x, 5, 6, -1, "circular")', np.pad(X, ((0, 0), (0, 0), (5, 6)), mode="wrap")),
        ("tile(x, [2, 1, 3])", np.tile(X, (2, 1, 3))),
        ("roll(x, [1, -2], [0, 2])", np.roll(X, (1, -2), (0, 2))),
        ("tril(x, 1)", np.tril(X, 1)),
        ("triu(x, -1)", np.triu(X, -1)),
        ("diagonal(x, -1, 2, 1)", np.diagonal(X, -1, 2, 1)),
        ("move_axis(x, [0, 2], [1, 0])", np.moveaxis(X, (0, 2), (1, 0))),
        ("repeat_interleave(x, r, 1, 4)", np.repeat(X, [1, 0, 3], 1)),
        ("at_points(x, [r[:2] // 2, r[:2]])", X[[0, 0], [1, 0]]),
        ("concat(chunk(x, 3, axis = 2), axis = 2)", X),
        ("norm(x, axis = 1, power = 3)", (X**3).sum(1) ** (1 / 3)),
        ("norm(x, axis = 1, power = inf)", X.max(1)),
    ],
)
def test_against_numpy(expression, expected):
    found = run_expression(expression, x=X, r=np.array([1, 0, 3]))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("given", "expression", "code"),
    [
        ("[N, 4, 10]", "conv(x, zeros[2, 4, 3, 3])", "E0202"),
        ("[N, 4]", "conv(x, zeros[2, 4])", "E0202"),
        ("[N, 4, 8, 8]", "conv(x, zeros[2, 4, 3, 3], padding = [1, 1, 1])", "E0314"),
        ("[N, 4, 8, 8]", "conv(x, zeros[2, 3, 3, 3])", "E0210"),
        ("[N, 4, 8, 8, 8]", "conv(x, zeros[2, 4, 9, 3, 3])", "E0209"),
        ("[N, 4, 8]", "conv(x, zeros[2, 4, 3], stride = 0)", "E0411"),
        ("[N, 4, 8]", "conv_transpose(x, zeros[4, 2, 3], padding = 5)", "E0209"),
        ("[N, 4, 8]", "conv_transpose(x, zeros[4, 2, 3], extra = -1)", "E0411"),
        ("[N, 4, 8]", 'pad_edges(x, 1, 1, 2, "mirror")', "E0402"),
        ("[N, 4, 8]", 'interpolate(x, scale = 2, mode = "lanczos")', "E0402"),
        ("[N, 4, 8, 8]", 'grid_sample(x, zeros[N, 1, 1, 2], outside = "wrap")', "E0402"),
    ],
)
def test_refused(given, expression, code):
    assert codes(f"model M {{\ninput x: {given}\noutput y = {expression}\n}}") == [code]


def test_pooling_pads_both_ends_differently():
    found = run_expression("max_pool(x, 2, 1, [[1, 0], [0, 2]])", x=-1 - IMAGE)
    padded = np.pad(-1 - IMAGE, ((0, 0), (0, 0), (1, 0), (0, 2)), constant_values=-np.inf)
    seen = np.lib.stride_tricks.sliding_window_view(padded, (2, 2), (2, 3))
    np.testing.assert_array_equal(found, seen.max((-2, -1)))


def test_means_of_dilated_windows_count_what_is_there():
    x = np.ones((1, 1, 3, 3), np.float32)
    found = run_expression("avg_pool(x, 2, 1, 1, count_padding = false, dilation = 2)", x=x)
    np.testing.assert_array_equal(found, np.ones((1, 1, 3, 3)))
    found = run_expression("avg_pool(x, 2, 1, 1, dilation = 2)", x=x)
    np.testing.assert_array_equal(found[0, 0], [[0.25, 0.5, 0.25], [0.5, 1, 0.5], [0.25, 0.5, 0.25]])


@pytest.mark.parametrize("function", ["depth_to_space", "pixel_shuffle"])
def test_both_orders_of_channels_come_back(function):
    x = RANDOM.normal(size=(2, 8, 3, 4)).astype(np.float32)
    reverse = {"depth_to_space": "space_to_depth", "pixel_shuffle": "pixel_unshuffle"}[function]
    np.testing.assert_array_equal(run_expression(f"{reverse}({function}(x, 2), 2)", x=x), x)
    fine = run_expression(f"{function}(x, 2)", x=x)
    assert fine[0, 0, 0, 1] == x[0, 2 if function == "depth_to_space" else 1, 0, 0]


def test_folding_reverses_unfolding_over_three_axes():
    y = np.ones((1, 8, 12), np.float32)
    found = run_expression("fold(y, [3, 4, 3], 2, padding = [[0, 0], [0, 0], [0, 0]])", y=y)
    np.testing.assert_array_equal(found[0, 0, 0], [[1, 2, 1], [2, 4, 2], [2, 4, 2], [1, 2, 1]])


@pytest.mark.parametrize("corners", ["false", "true"])
def test_the_identity_samples_the_image_itself(corners):
    theta = np.eye(2, 3, dtype=np.float32)[None]
    expression = f"grid_sample(x, affine_grid(theta, [4, 4], {corners}), corners = {corners})"
    np.testing.assert_allclose(run_expression(expression, x=IMAGE, theta=theta), IMAGE, atol=1e-4)


def test_a_deformed_convolution_without_moves_is_a_convolution():
    x, w = (RANDOM.normal(size=size).astype(np.float32) for size in ((2, 4, 6, 7), (6, 2, 3, 2)))
    settings = "stride = [1, 2], padding = 1, dilation = [2, 1], groups = 2"
    plain = run_expression(f"conv(x, w, {settings})", x=x, w=w)
    still = np.zeros((2, 2 * 12, *plain.shape[2:]), np.float32)
    given = {"x": x, "w": w, "o": still}
    found = run_expression(f"deformed_conv(x, w, o, {settings}, offset_groups = 2)", **given)
    np.testing.assert_allclose(found, plain, rtol=1e-4, atol=1e-4)


def test_a_deformed_convolution_reads_at_moved_places():
    x = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
    move = np.zeros((1, 2, 4, 4), np.float32)
    move[0, 0], move[0, 1] = 1, 0.5  # one down, half a column to the right
    found = run_expression("deformed_conv(x, w, o)", x=x, w=np.ones((1, 1, 1, 1), np.float32), o=move)
    np.testing.assert_allclose(found[0, 0, :3, :3], x[0, 0, 1:, :3] + 0.5, rtol=1e-5)


def test_features_of_a_region_are_means_of_its_parts():
    x = np.arange(36, dtype=np.float32).reshape(1, 1, 6, 6)
    given = {"x": x, "r": np.array([[1, 1, 5, 5]], np.float32), "i": np.array([0])}
    found = run_expression("region_features(x, r, i, [2, 2], 2)", **given)
    np.testing.assert_allclose(found[0, 0], x[0, 0, 1:5, 1:5].reshape(2, 2, 2, 2).mean((1, 3)), rtol=1e-5)
    outside = given | {"r": np.array([[20, 20, 25, 25]], np.float32)}
    np.testing.assert_array_equal(run_expression("region_features(x, r, i, [2, 2], 2)", **outside), 0)
