"""The reference of builtins: functions of the language that are written in Python, by file."""

from __future__ import annotations

import inspect
from itertools import groupby

from refused_calls import HEADER, REFUSED_CALLS
from treadle.frontend.elaborate.builtins import BUILTINS
from treadle.frontend.elaborate.values import Builtin
from treadle.ops import REGISTRY

_HEADER = """# Built-in functions

Generated from `src/treadle/frontend/elaborate/builtins/` by `docs/generate.py`; edit the comments there, not
this page.

Everything else is written in the language itself: [library](library.md). A parameter with `?` may be left
out; `*` takes any number.
"""
_REFUSED = """## What is refused

Calls that are wrong in one way, with the code of what is said at their place when the spec is checked;
`treadle explain CODE` tells more. What the operations below refuse is listed [there](ops.md#what-is-refused).
The inputs of these calls are:

```tdl
{inputs}
```
"""


def builtins_page() -> str:
    """`docs/builtins.md`."""
    found = [value for value in BUILTINS.values() if isinstance(value, Builtin)]
    found.sort(key=lambda builtin: (_family(builtin), builtin.name))
    sections = [_section(family, list(group)) for family, group in groupby(found, _family)]
    return "\n".join([_HEADER, *sections, _refusals()])


def _refusals() -> str:
    """Calls that are refused, by function."""
    calls: dict[str, list[str]] = {}
    for call, code in REFUSED_CALLS.items():
        calls.setdefault(call.partition("(")[0], []).append(f"`{call}` {code}")
    rows = [f"| `{name}` | {'; '.join(found)} |" for name, found in sorted(calls.items())]
    inputs = "\n".join(HEADER.splitlines()[1:])
    intro = _REFUSED.format(inputs=inputs)
    return "\n".join([intro, "| Function | Refused |", "|---|---|", *rows]) + "\n"


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
