"""Finding specs: a path, or the name of one in the gallery that the package carries.

Input: what a user calls a spec. Output: its file. Non-goals: reading it.
"""

from functools import cache
from pathlib import Path
from typing import NoReturn

import treadle
from treadle.errors import did_you_mean, fail

_ENDING = ".tdl"
_EXAMPLES = 6  # of gallery specs in a hint


@cache
def gallery() -> dict[str, Path]:
    """The specs that come with Treadle, by name; in a checkout they lie in folders of `specs/`."""
    package = Path(treadle.__file__).parent
    for folder in (package / "gallery", package.parents[1] / "specs"):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob(f"*/*{_ENDING}"))}
    return {}


def find_spec(name: str) -> Path:
    """The file that `name` means.

    Raises:
        TreadleError: E1001 when there is none, E1006 for a folder.
    """
    path = Path(name)
    if path.is_file():
        return path
    return gallery().get(name) or _refuse_missing(name, path)


def _refuse_missing(name: str, path: Path) -> NoReturn:
    if path.is_dir():
        fail("E1006", f"{name} is a folder; expected a {_ENDING} file")
    some = ", ".join(sorted(gallery())[:: max(len(gallery()) // _EXAMPLES, 1)])
    hint = (
        did_you_mean(name, _candidates(path)) or f"there are {len(gallery())} gallery specs, such as {some}"
    )
    fail("E1001", f"there is no file {name}, and no gallery spec of this name", hint=hint)


def _candidates(path: Path) -> list[str]:
    nearby = sorted(path.parent.glob(f"*{_ENDING}")) if path.parent.is_dir() else []
    return [str(found) for found in nearby] + [found.stem for found in nearby] + list(gallery())
