"""First networks: perceptrons and multi-layer perceptrons."""

import math

from gallery.case import Case

CASES = {
    "smallest_perceptron": Case(steps=40),
    "perceptron_bias": Case(steps=40),
    "perceptron_rule": Case(steps=40, not_falling="a line cannot solve one of its two tables"),
    "logistic_perceptron": Case(steps=40, below=0.125),
    "xor_fixed": Case(steps=5, below=1e-6, not_falling="it starts at the solution"),
    "xor_mlp": Case(steps=100, below=math.log(2)),
    "mlp_regression": Case(steps=80),
    "mlp_classifier": Case(steps=60, below=math.log(3)),
    "digits_mlp": Case(steps=40, below=math.log(10)),
    "deep_mlp": Case(steps=40, below=math.log(10)),
    "spam_net": Case(steps=40, below=math.log(2)),
    "rbf_network": Case(steps=60, below=math.log(2)),
    "init_study": Case(steps=40, tolerance=1e-3),
}
