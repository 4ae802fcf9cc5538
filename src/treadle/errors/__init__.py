"""Diagnostics: what the compiler says when a spec, a file or a command is wrong.

`fail(...)` raises one, `Diagnostics` collects several, `render.to_text` prints them, `codes` explains them.
"""

from treadle.errors.codes import CODES, CodeInfo
from treadle.errors.diagnostic import Diagnostic, Frame, Label
from treadle.errors.failure import Diagnostics, TreadleError, fail
from treadle.errors.suggest import did_you_mean, nearest

__all__ = [
    "CODES",
    "CodeInfo",
    "Diagnostic",
    "Diagnostics",
    "Frame",
    "Label",
    "TreadleError",
    "did_you_mean",
    "fail",
    "nearest",
]
