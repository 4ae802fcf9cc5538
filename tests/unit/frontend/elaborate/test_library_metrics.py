"""Metrics of decisions and of sentences against counts in plain Python."""

from collections import Counter
from math import exp, log

import numpy as np
import pytest

from support.spec_runs import run_expression

DRAW = np.random.default_rng(3)
LOGITS = DRAW.standard_normal((40, 4)).astype(np.float32)
TARGET = DRAW.integers(3, size=40)  # class 3 does not occur
TAKEN = LOGITS.argmax(1)
COUNTS = np.zeros((4, 4))
np.add.at(COUNTS, (TARGET, TAKEN), 1)
PRECISION = np.diag(COUNTS) / COUNTS.sum(0)
RECALL = np.diag(COUNTS) / np.maximum(COUNTS.sum(1), 1)
F1 = 2 * np.diag(COUNTS) / (COUNTS.sum(0) + COUNTS.sum(1))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("confusion_matrix(z, t)", COUNTS),
        ("class_precision(z, t)", PRECISION),
        ("class_recall(z, t)", RECALL),
        ("class_f1(z, t)", F1),
        ("precision(z, t)", PRECISION.mean()),
        ("recall(z, t)", RECALL.mean()),
        ("f1(z, t)", F1.mean()),
        ("zero_one(z, t)", (TAKEN != TARGET).mean()),
    ],
)
def test_decisions(expression, expected):
    np.testing.assert_allclose(run_expression(expression, z=LOGITS, t=TARGET), expected, rtol=1e-5)


def test_auc_counts_pairs_in_the_right_order():
    scores, target = np.array([0.1, 0.4, 0.4, 0.8], np.float32), np.array([0, 1, 0, 1])
    assert run_expression("auc(s, t)", s=scores, t=target) == pytest.approx((1 + 0.5 + 1 + 1) / 4)


def test_mean_iou_of_the_classes_that_occur():
    y, t = np.array([[0, 0, 1], [1, 2, 2]]), np.array([[0, 1, 1], [1, 2, 0]])
    assert run_expression("mean_iou(y, t, 5)", y=y, t=t) == pytest.approx((1 / 3 + 2 / 3 + 1 / 2) / 3)


def runs(sentence, n):
    return Counter(tuple(sentence[i : i + n]) for i in range(len(sentence) - n + 1))


def bleu(outputs, references):
    """Papineni's formula, sentence by sentence."""
    shares = 0.0
    for n in range(1, 5):
        hits = sum(sum((runs(y, n) & runs(t, n)).values()) for y, t in zip(outputs, references, strict=True))
        shares += log(hits / sum(max(len(y) - n + 1, 0) for y in outputs)) / 4
    written, wanted = sum(map(len, outputs)), sum(map(len, references))
    return exp(shares + min(0, 1 - wanted / written))


def padded(sentences):
    return np.array([sentence + [0] * (9 - len(sentence)) for sentence in sentences])


@pytest.mark.parametrize(
    "outputs",
    [
        [[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 2, 2, 2]],
        [[1, 2, 3, 4], [4, 1, 2, 3, 4]],
        [[1, 1, 2, 3, 4, 5, 6, 1, 1], [5, 1, 2, 3, 4, 1, 2, 3, 4]],
    ],
)
def test_bleu_is_the_formula(outputs):
    references = [[1, 2, 3, 4, 5, 7, 6], [2, 1, 2, 3, 4, 4]]
    found = run_expression("bleu(y, t)", y=padded(outputs), t=padded(references))
    assert found == pytest.approx(bleu(outputs, references), rel=1e-4)


def test_bleu_without_a_run_of_four_is_nothing():
    found = run_expression("bleu(y, t)", y=padded([[1, 2, 3]]), t=padded([[3, 2, 1]]))
    assert found < 1e-6
