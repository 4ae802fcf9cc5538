"""Robustness: attacks, and training against them."""

import math

from gallery.case import Case

TEN = math.log(10)

CASES = {
    "adversarial_training": Case(steps=12),
    "black_box": Case(steps=20, below=2 * TEN),
    "fgsm": Case(steps=20, below=TEN),
    "pgd": Case(steps=20, below=TEN),
    "targeted": Case(steps=20, below=TEN),
    "trades": Case(steps=12),
}
