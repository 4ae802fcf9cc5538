"""Treadle from Python: `load` a spec, `compile` it, run it on NumPy arrays.

Stage: on top of everything, beside the command line. Input: specs and arrays. Output: arrays, pictures,
trained networks. Non-goals: a second way to describe networks; that is what specs are for.
"""

from treadle.api.history import History
from treadle.api.network import Gradient, Network
from treadle.api.spec import Spec, compile, load  # noqa: A004

__all__ = ["Gradient", "History", "Network", "Spec", "compile", "load"]
