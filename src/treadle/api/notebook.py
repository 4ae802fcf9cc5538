"""The cell magic `%%treadle`: a spec written in a notebook cell.

Input: the cell's text. Output: a `Spec` under a name of the notebook, and its picture. `%load_ext treadle`
makes it known. Non-goals: importing IPython, which calls this module and not the other way round.
"""

from __future__ import annotations

import argparse
import shlex
from typing import Any

from treadle.api.pictures import Picture
from treadle.api.spec import Spec, load
from treadle.errors import fail
from treadle.viz import WHATS


class _Parser(argparse.ArgumentParser):
    """Reads the line of the magic; a mistake is a diagnostic, not the end of the notebook."""

    def error(self, message: str) -> Any:
        fail("E1003", f"`%%treadle`: {message}", hint="write `%%treadle NAME --what joint --depth 2`")


def register(shell: Any) -> None:
    """Makes `%%treadle` known to a notebook."""

    def magic(line: str, cell: str) -> Picture | Spec:
        arguments = _parser().parse_args(shlex.split(line))
        spec = load(cell if "\n" in cell else f"{cell}\n")
        shell.user_ns[arguments.name] = spec
        if arguments.model is None and len(spec.models) != 1 and len(spec.trains) != 1:
            return spec
        return spec.draw(arguments.what, model=arguments.model, depth=arguments.depth)

    magic.__doc__ = _parser().format_help()
    shell.register_magic_function(magic, magic_kind="cell", magic_name="treadle")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="%%treadle",
        add_help=False,
        description="Checks the spec in this cell, keeps it under a name, and shows its picture.",
    )
    name_help = "the name of the Spec; `spec` if none is given"
    parser.add_argument("name", nargs="?", default="spec", help=name_help)
    parser.add_argument("--what", choices=WHATS, default="forward", help="what the picture shows")
    parser.add_argument("--model", help="which model, when there are several")
    parser.add_argument("--depth", type=int, help="layers nested deeper than this are folded")
    return parser
