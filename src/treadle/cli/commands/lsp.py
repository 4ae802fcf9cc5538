"""`treadle lsp`: the language server that editors talk to."""

from importlib.util import find_spec
from typing import Annotated

import typer

from treadle.errors import fail

StdioOption = Annotated[
    bool, typer.Option("--stdio", help="Speak over standard input and output; there is no other way.")
]


def run(stdio: StdioOption = True) -> None:  # noqa: ARG001 - editors give the option by habit
    """Serve editors: mistakes while you type, shapes, definitions, completions, renaming, formatting.

    An editor starts it; see `docs/editor.md`. It ends with the editor.
    """
    if find_spec("pygls") is None:
        fail("E1007", "`treadle lsp` needs the package pygls", hint='pip install "treadle[lsp]"')
    from treadle.lsp.server import serve  # noqa: PLC0415 - the package is optional

    serve()
