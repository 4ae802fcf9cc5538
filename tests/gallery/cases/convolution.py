"""Convolutional networks."""

import math

from gallery.case import Case

TEN = math.log(10)

CASES = {
    "lenet": Case(steps=30, below=TEN),
    "small_cnn_fashion": Case(steps=20, below=TEN),
    "alexnet": Case(steps=20),
    "vgg": Case(steps=20),
    "googlenet": Case(steps=16, below=2 * TEN),
    "resnet": Case(steps=12),
    "densenet": Case(steps=8),
    "squeezenet": Case(steps=20),
    "mobilenet": Case(steps=12),
    "text_cnn": Case(steps=20),
}
