"""Treadle: a declarative neural-network compiler.

`treadle.load` reads a spec, `treadle.compile` makes a network of it that runs on NumPy arrays; see
`treadle.api`. The types of these names stand in `__init__.pyi`: they are imported when they are asked for,
since commands start without them.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
__all__ = ["Gradient", "History", "Network", "Spec", "TreadleError", "compile", "load"]


def __getattr__(name: str) -> Any:
    """What `treadle.api` offers."""
    if name not in __all__:
        raise AttributeError(f"module 'treadle' has no attribute '{name}'")
    return getattr(import_module("treadle.errors" if name == "TreadleError" else "treadle.api"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext treadle` in a notebook: the cell magic `%%treadle`."""
    import_module("treadle.api.notebook").register(shell)
