"""The reference of builtins: functions of the language that are written in Python, by file."""

from __future__ import annotations

import inspect
from itertools import groupby

from treadle.frontend.elaborate.builtins import BUILTINS
from treadle.frontend.elaborate.values import Builtin
from treadle.ops import REGISTRY

_HEADER = """# Built-in functions

Generated from `src/treadle/frontend/elaborate/builtins/` by `docs/generate.py`; edit the comments there, not
this page.

Everything else is written in the language itself: [library](library.md). A parameter with `?` may be left
out; `*` takes any number.
"""


def builtins_page() -> str:
    """`docs/builtins.md`."""
    found = [value for value in BUILTINS.values() if isinstance(value, Builtin)]
    found.sort(key=lambda builtin: (_family(builtin), builtin.name))
    sections = [_section(family, list(group)) for family, group in groupby(found, _family)]
    return "\n".join([_HEADER, *sections])


def _family(builtin: Builtin) -> str:
    return builtin.run.__module__.rpartition(".")[2]


def _section(family: str, builtins: list[Builtin]) -> str:
    rows = [f"| `{_call(builtin)}` | {_meaning(builtin)} |" for builtin in builtins]
    return "\n".join([f"## {family.capitalize()}\n", "| Function | Meaning |", "|---|---|", *rows]) + "\n"


def _call(builtin: Builtin) -> str:
    params = [param.name if param.required else f"{param.name}?" for param in builtin.params]
    return f"{builtin.name}({', '.join(['*values'] * builtin.variadic + params)})"


def _meaning(builtin: Builtin) -> str:
    """The comment of the function, or of the op of its name, on one line."""
    text = inspect.getdoc(builtin.run) or REGISTRY[builtin.name].doc
    return " ".join(text.split()).replace("|", "\\|")
