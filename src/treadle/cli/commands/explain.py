"""`treadle explain CODE|NAME`: the page about an error code, a name of the library, a word of language."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from shutil import get_terminal_size
from textwrap import fill
from typing import Annotated

import typer

from treadle.cli.options import JsonOption
from treadle.cli.topics import codes_about, refuse, topic
from treadle.errors import CODES, CodeInfo

TopicArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[CODE|NAME]",
        help="Such as E0203, conv2d or minimize; any other word is searched in all codes.",
    ),
]
_WIDEST = 100
ListOption = Annotated[bool, typer.Option("--list", help="List all codes, as without a name.")]


def run(name: TopicArgument = None, list_all: ListOption = False, as_json: JsonOption = False) -> None:
    """Explain an error code with its repair, or a name of the library, a builtin, a setting or a keyword."""
    if name is None or list_all:
        _list(CODES.values() if name is None else codes_about(name), as_json=as_json)
        return
    found = topic(name)
    about = [] if found and found.name in CODES else codes_about(name)
    if found is None and not about:
        refuse(name)
    elif found is None:
        _list(about, as_json=as_json)
    elif as_json:
        known = CODES.get(found.name)
        print(json.dumps(asdict(known) if known else asdict(found), indent=2))
    else:
        print(_wrapped(found.text))
        if about:
            print(f"\ncodes about it: {', '.join(one.code for one in about)}")


def _wrapped(text: str) -> str:
    """Text in lines that fit the terminal; code, which is indented, stays as it is."""
    width = min(get_terminal_size().columns, _WIDEST)
    return "\n".join(line if line.startswith(" ") else fill(line, width) for line in text.split("\n"))


def _list(found: Iterable[CodeInfo], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"codes": [{"code": one.code, "title": one.title} for one in found]}, indent=2))
    else:
        print("\n".join(f"{one.code}  {one.title}" for one in found))
