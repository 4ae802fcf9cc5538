"""Boxes, their suppression and average precision agree with plain loops; RoI reads what lies in a box."""

import numpy as np
import pytest

from support.spec_runs import run_expression

DRAW = np.random.default_rng(7)


def random_boxes(*shape):
    low = DRAW.uniform(0, 20, (*shape, 2))
    return np.concatenate([low, low + DRAW.uniform(2, 12, (*shape, 2))], axis=-1).astype(np.float32)


def overlap(a, b):
    side = np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0)
    both = side.prod()
    return both / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - both)


def suppressed(boxes, scores, limit):
    """By the textbook: the largest first, each unless it overlaps one that is kept."""
    kept = []
    for place in np.argsort(-scores):
        if all(overlap(boxes[place], boxes[other]) <= limit for other in kept):
            kept.append(place)
    return [score if place in kept else 0 for place, score in enumerate(scores)]


def test_overlaps():
    a, b = random_boxes(4), random_boxes(5)
    expected = [[overlap(one, other) for other in b] for one in a]
    np.testing.assert_allclose(run_expression("box_overlap(a, b)", a=a, b=b), expected, rtol=1e-4, atol=1e-6)


def test_boxes_have_middles_and_sizes():
    a = random_boxes(4)
    np.testing.assert_allclose(run_expression("centred_boxes(box_centres(a))", a=a), a, rtol=1e-4)


@pytest.mark.parametrize("limit", [0.2, 0.5])
def test_overlapping_boxes_of_smaller_score_are_dropped(limit):
    boxes, scores = random_boxes(3, 9), DRAW.uniform(0.1, 1, (3, 9)).astype(np.float32)
    found = run_expression(f"suppress(b, s, limit = {limit})", b=boxes, s=scores)
    expected = [suppressed(*pair, limit) for pair in zip(boxes, scores, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    few = run_expression(f"suppress(b, s, limit = {limit}, most = 2)", b=boxes, s=scores)
    assert (few > 0).sum(1).tolist() == [2, 2, 2]
    np.testing.assert_array_equal(few.max(1), found.max(1))


def test_average_precision_counts_each_thing_once():
    """Of three things, two are found: first, again (which is wrong), and third of four answers."""
    wanted = np.array([[[0, 0, 4, 4], [10, 10, 14, 14], [20, 20, 24, 24]]], np.float32)
    boxes = np.array([[[0, 0, 4, 4], [0, 0, 4, 3], [10, 10, 14, 14], [5, 5, 6, 6]]], np.float32)
    exists = np.array([[True, True, True]])
    scores = np.array([[0.9, 0.8, 0.7, 0.6]], np.float32)
    found = run_expression("average_precision(b, s, w, e)", b=boxes, s=scores, w=wanted, e=exists)
    assert found == pytest.approx((1 + 2 / 3) / 3)


def test_classes_count_apart():
    wanted = np.array([[[0, 0, 4, 4], [10, 10, 14, 14]]], np.float32)
    scores = np.array([[0.9, 0.8]], np.float32)
    call = "mean_average_precision(w, s, k, w, t, 3)"
    given = {"w": wanted, "s": scores, "t": np.array([[1, 3]])}
    assert run_expression(call, k=np.array([[1, 3]]), **given) == pytest.approx(1.0)
    assert run_expression(call, k=np.array([[1, 2]]), **given) == pytest.approx(0.5)


def test_roi_reads_inside_boxes():
    """On a slope, the mean of what is read is the height in the middle of the box."""
    slope = np.broadcast_to(np.arange(16, dtype=np.float32) + 0.5, (2, 1, 16, 16))
    boxes = np.array([[[2, 2, 8, 6]], [[4, 1, 6, 9]]], np.float32)
    found = run_expression("roi_align(x, b, 4, [16, 16])", x=slope, b=boxes)
    assert found.shape == (2, 1, 1, 4, 4)
    np.testing.assert_allclose(found.mean((2, 3, 4)).ravel(), [5, 5], rtol=1e-5)
    np.testing.assert_allclose(found[0, 0, 0, 0], [2.75, 4.25, 5.75, 7.25], rtol=1e-5)
