from typing import Any

from treadle.api import Gradient as Gradient
from treadle.api import History as History
from treadle.api import Network as Network
from treadle.api import Spec as Spec
from treadle.api import compile as compile  # noqa: A004
from treadle.api import load as load
from treadle.errors import TreadleError as TreadleError

__version__: str
__all__ = ["Gradient", "History", "Network", "Spec", "TreadleError", "compile", "load"]

def load_ipython_extension(shell: Any) -> None: ...
