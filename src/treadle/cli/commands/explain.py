"""`treadle explain CODE`: the page about one error code."""

from typing import Annotated

import typer

from treadle.errors import CODES, fail
from treadle.errors.render import explain


def run(
    code: Annotated[
        str | None, typer.Argument(metavar="CODE", help="Such as E0203; without it, all codes.")
    ] = None,
) -> None:
    """Explain an error code: what it means, a wrong example and its repair."""
    if code is None:
        print("\n".join(f"{info.code}  {info.title}" for info in CODES.values()))
        return
    wanted = code.upper()
    if wanted not in CODES:
        fail("E1008", f"there is no error code `{code}`", hint="`treadle explain` lists all codes")
    print(explain(wanted))
