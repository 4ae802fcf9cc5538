"""The reference backend: interprets graphs with NumPy. Slow, complete, the judge of all other backends."""

from treadle.backends.numpy_ref.interpreter import Interpreter, evaluate
from treadle.backends.numpy_ref.nonfinite import Origin, find_origin
from treadle.backends.numpy_ref.session import NumpyBackend, NumpySession

__all__ = ["Interpreter", "NumpyBackend", "NumpySession", "Origin", "evaluate", "find_origin"]
