"""Small examples that courses work out by hand: expressions and specs give the printed numbers."""

from __future__ import annotations

import pytest

from support.worked import CHECKS

EXAMPLES = {
    "softmax_123": {"logits": [1, 2, 3], "p": [0.09, 0.2447, 0.6652]},
    "batch_loss": {
        "logits": [
            [0.4458, -3.1415, -2.9431, -0.9237],
            [0.156, -2.4655, -2.6027, -0.4142],
            [1.0816, -1.8671, -1.6175, -0.7504],
            [0.8463, -1.9495, -1.8475, -0.7677],
        ],
        "labels": [0, 1, 0, 1],
        "mean_over_all_entries": 0.42208,
        "cross_entropy_mean_over_batch": 1.68833,
        "argmax": [0, 0, 0, 0],
    },
    "cross_entropy_gradient": {"rule": "dl/dlogits = p - onehot(y)"},
    "sigmoid_layer": {
        "x": [1, -1, 1],
        "W": [
            [0.7266, 0.7925, 0.7952, 0.2159],
            [0.3108, 0.195, 0.6448, 0.6367],
            [0.0521, 0.22, 0.5038, 0.902],
        ],
        "b": [0.3059, 0.2612, 0.9326, 0.5597],
        "pre": [0.7738, 1.0787, 1.5868, 1.0409],
        "h": [0.6843, 0.7462, 0.8302, 0.739],
        "jacobian_dh_dx": [
            [0.157, 0.0671, 0.0113],
            [0.1501, 0.0369, 0.0416],
            [0.1121, 0.0909, 0.071],
            [0.0416, 0.1228, 0.174],
        ],
    },
    "jacobian_example": {
        "f": ["x1^2 + x2^2", "x2^2 + x3^2 * x2"],
        "J": [["2 x1", "2 x2", "0"], ["0", "2 x2 + x3^2", "2 x2 x3"]],
    },
    "saddle": {
        "f": "t1^2 - t2^2",
        "at": [0, 0],
        "gradient": [0, 0],
        "hessian": [[2, 0], [0, -2]],
        "eigenvalues": [-2, 2],
    },
    "gradient_descent": {"f": "(w-1)^2 + (w-3)^2", "w": 1, "rate": 0.1, "w_next": 1.4, "f_next": 2.72},
    "sgd": {
        "f": "mean over batch of (w - i)^2",
        "batch": [1, 2, 3, 4],
        "w": 10,
        "rate": 0.1,
        "gradient": 15,
        "w_next": 8.5,
    },
    "conv_pad1_stride2": {
        "x": [
            [1, -2, -1, 5, 3, 2, 1],
            [1, 3, -1, 4, 3, 3, 1],
            [1, -2, 1, 6, 3, 3, 2],
            [2, -2, 2, 5, 2, 1, 0],
            [0, 3, -2, 5, 4, 1, 2],
            [1, 2, -3, 1, 1, 2, -1],
            [1, -2, -1, 1, 2, 1, 1],
        ],
        "w": "3x3 ones",
        "padding": 1,
        "stride": 2,
        "y": [[3, 8, 20, 7], [3, 16, 30, 10], [6, 11, 22, 5], [2, -2, 8, 3]],
    },
    "conv_valid": {
        "x": [[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]],
        "w": [[0, 1, 2], [2, 2, 0], [0, 1, 2]],
        "y": [[12, 12, 17], [10, 17, 19], [9, 6, 14]],
    },
    "shapes": {
        "lenet_like": "[N,3,32,32] conv 4@4x4 s2 -> [N,4,15,15]; pool 2 s2 p1 -> [N,4,8,8]; 256 -> 10",
        "resnet_course": "[1,3,224,224]: 64x112x112, 64x56x56, 64x56x56, 128x28x28, 256x14x14, 256x1x1, 10",
        "conv_parameters": "5 filters 3x8x8 plus biases = 965",
        "mlp_3_4_2": {"neurons": 6, "weights": 20, "with_biases": 26},
    },
    "xor_fixed": {"table": [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]},
    "transposed_size": "s(i-1) + (k-1) - 2p + p_out + 1",
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_comes_out_as_printed(name):
    CHECKS[name](EXAMPLES[name])
