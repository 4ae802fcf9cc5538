"""The page around a document: scripts, styles and data in one file that asks nothing of the network.

Input: a JSON document. Output: HTML text. Non-goals: what the document says (`document`).

The scripts are modules; here they become one, in the order of their imports. The page's own policy allows
this one script and this one style, by their hashes, and nothing else at all.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|const) (\w+))", re.MULTILINE)


def page(title: str, document: Mapping[str, Any], styles: str = "", main: str = "main") -> str:
    """A whole page.

    Args:
        title: of the page.
        document: what the script reads.
        styles: CSS to add to the page's own.
        main: the script that starts the page.
    """
    style = f"{asset('page.css')}\n{styles}"
    script = bundle(main)
    values = {
        "title": html.escape(title),
        "style": style,
        "style_hash": _hash(style),
        "script": script,
        "script_hash": _hash(script),
        "document": embedded(document),
    }
    return Template(asset("page.html")).substitute(values)


def embedded(document: Mapping[str, Any]) -> str:
    """JSON that may stand in a `script` element, whatever its strings hold."""
    text = json.dumps(document, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def bundle(main: str) -> str:
    """A script and all that it imports, as one script whose names nobody else sees."""
    order: dict[str, str] = {}
    _collect(main, order)
    modules = "\n\n".join(_module(name, text) for name, text in order.items())
    return f'(() => {{\n"use strict";\n{modules}\n}})();'


def _collect(name: str, order: dict[str, str]) -> None:
    """Modules by name, each after those that it imports."""
    text = asset(f"{name}.js")
    for _, imported in _IMPORT.findall(text):
        if imported not in order:
            _collect(imported, order)
    order.setdefault(name, text)


def _module(name: str, text: str) -> str:
    """A module as a function that runs once and returns what it exports: its other names are its own."""
    exports = ", ".join(_EXPORT.findall(text))
    body = _EXPORT.sub("", _IMPORT.sub(r"const \1 = module_\2;", text)).strip()
    return f"const module_{name} = (() => {{\n{body}\nreturn {{ {exports} }};\n}})();"


@cache
def asset(name: str) -> str:
    """The text of a file of the page."""
    return files(__package__).joinpath("assets", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
