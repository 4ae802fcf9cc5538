"""Convolutional networks."""

import math

from gallery.case import Case

CASES = {"lenet": Case(steps=30, below=math.log(10))}
