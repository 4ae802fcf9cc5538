"""First networks: perceptrons and multi-layer perceptrons."""

import math

from gallery.case import Case

CASES = {
    "smallest_perceptron": Case(steps=40),
    "xor_mlp": Case(steps=100, below=math.log(2)),
    "digits_mlp": Case(steps=40, below=math.log(10)),
}
