"""The reference of the Python API: what `treadle.api` offers, with signatures and docstrings.

Input: the sources' docstrings. Output: a page. Non-goals: explanations; `docs/python.md` walks through.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from treadle import api
from treadle.api.pictures import Picture

_HEADER = """# Python reference

Generated from the docstrings of `src/treadle/api/` by `docs/generate.py`; edit them there, not this page.

The [walk-through](python.md) shows all of this in use. Mistakes raise `treadle.TreadleError`;
`treadle explain CODE` tells more about the code in its text. `Array` is `numpy.ndarray`;
`Splits` are arrays by input name, by split.
"""
_FUNCTIONS: tuple[Callable[..., Any], ...] = (api.load, api.compile)
_CLASSES: tuple[type, ...] = (api.Spec, api.Network, api.Gradient, api.History, Picture)
_SPECIAL = {"__call__": "()", "__getitem__": "[name]"}
_SECTION = re.compile(r"^(Attributes|Args|Raises):\n((?: {4}.*(?:\n|$))+)", re.MULTILINE)
_ITEM = re.compile(r"^ {4}(?=\w+: )", re.MULTILINE)
_QUOTED_TYPE = re.compile(r"(: |-> )'([^']*)'")
_WIDTH = 96


def api_page() -> str:
    """`docs/api.md`."""
    functions = [_callable(f"treadle.{one.__name__}", one.__name__, one, "##") for one in _FUNCTIONS]
    return "\n".join([_HEADER, *functions, *map(_class, _CLASSES)])


def _class(cls: type) -> str:
    shown = [(name, member) for name, member in vars(cls).items() if _is_shown(name, member)]
    members = [_member(cls.__name__, name, member) for name, member in shown]
    return "\n".join([f"## {cls.__name__}\n\n{_words(cls)}", *members])


def _is_shown(name: str, member: object) -> bool:
    offered = not name.startswith("_") or name in _SPECIAL
    described = inspect.isfunction(member) or isinstance(member, property | cached_property)
    return offered and described and bool(inspect.getdoc(member))


def _member(owner: str, name: str, member: Any) -> str:
    title = f"{owner}{_SPECIAL.get(name, f'.{name}')}"
    if inspect.isfunction(member):
        return _callable(title, name, member, "###")
    getter = member.func if isinstance(member, cached_property) else member.fget
    kind = str(inspect.signature(getter).return_annotation)
    return f"### {title}\n\n```python\n{name}: {kind}\n```\n\n{_words(member)}"


def _callable(title: str, name: str, function: Callable[..., Any], level: str) -> str:
    return f"{level} {title}\n\n```python\n{_signature(name, function)}\n```\n\n{_words(function)}"


def _signature(name: str, function: Callable[..., Any]) -> str:
    """As one would write it, with types as they stand in the source; long ones on several lines."""
    signature = inspect.signature(function)
    given = [one for one in signature.parameters.values() if one.name != "self"]
    whole = signature.replace(parameters=_placed(given))
    text = _QUOTED_TYPE.sub(r"\1\2", f"{name}{whole}").replace("'", '"')
    if len(text) <= _WIDTH:
        return text
    words, _, returned = text.removeprefix(f"{name}(").rpartition(") -> ")
    lines = "".join(f"    {word},\n" for word in _parted(words))
    return f"{name}(\n{lines}) -> {returned}"


def _placed(given: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """Parameters of which none is for `self`, so the sign that only places count is not needed."""
    named = inspect.Parameter.POSITIONAL_OR_KEYWORD
    only = inspect.Parameter.POSITIONAL_ONLY
    return [one.replace(kind=named) if one.kind is only else one for one in given]


def _parted(words: str) -> Iterator[str]:
    """The parameters in a text; commas in brackets part none."""
    depth, begun = 0, 0
    for position, letter in enumerate(words):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and not depth:
            yield words[begun:position].strip()
            begun = position + 1
    yield words[begun:].strip()


def _words(member: Any) -> str:
    """A docstring as Markdown: its lists become lists."""
    return _SECTION.sub(_list, inspect.getdoc(member) or "").rstrip() + "\n"


def _list(section: re.Match[str]) -> str:
    items = [" ".join(item.split()) for item in _ITEM.split(section[2])]
    rows = [re.sub(r"^(\w+): ", r"* `\1`: ", item) for item in items if item]
    return "\n".join([f"**{section[1]}**\n", *rows, ""])
