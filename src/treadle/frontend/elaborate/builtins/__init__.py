"""Functions and names of the language that are written in Python: the surface over the ops.

Everything that can be written in the language itself is in `treadle/stdlib` instead.
"""

from treadle.frontend.elaborate.builtins import (
    arrays,
    convolution,
    einsum,
    gather,
    linear,
    lists,
    maths,
    random,
    reduce,
    scatter,
    sorting,
    special,
    windows,
)
from treadle.frontend.elaborate.builtins.registry import BUILTINS

__all__ = [
    "BUILTINS",
    "arrays",
    "convolution",
    "einsum",
    "gather",
    "linear",
    "lists",
    "maths",
    "random",
    "reduce",
    "scatter",
    "sorting",
    "special",
    "windows",
]
