"""Attention and transformers."""

import math

from gallery.case import Case

CASES = {
    "vit": Case(steps=30, below=math.log(10)),
}
