"""Augmentations keep what they must: words, sums of targets, pixels; and change something."""

import numpy as np
import pytest

from support.spec_runs import model, run_expression, run_model

DRAW = np.random.default_rng(11)
LENGTHS = np.array([3, 7, 9, 1] * 8)
TOKENS = np.where(np.arange(9) < LENGTHS[:, None], DRAW.integers(1, 100, (32, 9)), 0)
IMAGES = DRAW.uniform(0.1, 1, (32, 2, 8, 8)).astype(np.float32)
TARGETS = np.eye(5, dtype=np.float32)[DRAW.integers(5, size=32)]


def words(row):
    return sorted(row[row > 0])


def test_words_are_swapped():
    found = run_expression("swap_words(t)", t=TOKENS)
    assert [words(row) for row in found] == [words(row) for row in TOKENS]
    assert {int(n) for n in (found != TOKENS).sum(1)} <= {0, 2}
    assert (found != TOKENS).any()


def test_a_word_is_inserted():
    found = run_expression("insert_word(t)", t=TOKENS)
    assert ((found > 0).sum(1) == np.minimum(LENGTHS + 1, 9)).all()
    assert all(set(words(new)) <= set(words(old)) for new, old in zip(found, TOKENS, strict=True))
    assert all((row[: (row > 0).sum()] > 0).all() for row in found)


def test_words_are_left_out_and_the_rest_moves_up():
    found = run_expression("delete_words(t, p = 0.5)", t=TOKENS)
    assert (found[:, 0] == TOKENS[:, 0]).all()
    assert (found > 0).sum() < (TOKENS > 0).sum()
    for new, old in zip(found, TOKENS, strict=True):
        rest = iter(old)
        assert all(word in rest for word in new[new > 0])
        assert (new[(new > 0).sum() :] == 0).all()


def test_words_are_replaced():
    found = run_expression("replace_words(t, 100 + t, p = 0.5)", t=TOKENS)
    assert set(np.unique(found - TOKENS)) == {0, 100}


@pytest.mark.parametrize("mix", ["mixup(x, t, 0.4)", "cutmix(x, t, 1.0)"])
def test_mixed_examples_have_mixed_targets(mix):
    """Images of one brightness per class: the brightness of the mixture is that of its targets."""
    images = np.broadcast_to(TARGETS.argmax(1)[:, None, None, None], (32, 1, 8, 8)).astype(np.float32)
    body = f"input x: [32, 1, 8, 8]\ninput t: [32, 5]\na, b = {mix}\noutput image = a\noutput kind = b"
    found = run_model(model(body), {"x": images, "t": TARGETS})
    mixed, kinds = found["output:image"], found["output:kind"]
    np.testing.assert_allclose(kinds.sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(mixed.mean((1, 2, 3)), kinds @ np.arange(5), rtol=1e-4, atol=1e-5)
    assert ((kinds > 0).sum(1) == 2).any()


def test_an_image_that_is_not_turned_stays():
    same = run_expression("random_affine(x, 0.0, 0.0, 0.0)", x=IMAGES)
    np.testing.assert_allclose(same, IMAGES, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(run_expression("random_crop(x, 1.0)", x=IMAGES), IMAGES, rtol=1e-4, atol=1e-5)


def test_images_are_turned_around_their_middle():
    """The middle stays, and a slope is as steep as before."""
    image = np.zeros((16, 1, 9, 9), np.float32)
    image[:, :, 4, 4] = 1
    turned = run_expression("random_affine(x, 180.0, 0.0, 0.0)", x=image)
    np.testing.assert_allclose(turned[:, 0, 4, 4], 1, rtol=1e-4)
    slope = np.broadcast_to(np.arange(9, dtype=np.float32) - 4, (16, 1, 9, 9))
    inner = run_expression("random_affine(x, 180.0, 0.0, 0.0)", x=slope)[:, 0, 3:6, 3:6]
    steps = np.hypot(np.diff(inner, axis=1)[:, 0, 0], np.diff(inner, axis=2)[:, 0, 0])
    np.testing.assert_allclose(steps, 1, rtol=1e-3)


def test_a_crop_is_a_part():
    slope = np.broadcast_to(np.arange(8, dtype=np.float32), (32, 1, 8, 8))
    found = run_expression("random_crop(x, 0.5)", x=slope)[:, 0, 0]
    steps = np.diff(found[:, 2:6], axis=1)
    assert (steps > 0.49).all()
    assert (steps < 1.01).all()
    assert steps.std() > 0
