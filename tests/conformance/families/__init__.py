"""Translators by op: from the other framework's name to a function `(call) -> expression text`.

A translator returns one expression, or a list with one for each result. Each family has a module with a
table `OPS`; it is found by itself.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from ..call import Translator

TRANSLATORS: dict[str, Translator] = {}
for _module in iter_modules(__path__):
    TRANSLATORS |= import_module(f"{__name__}.{_module.name}").OPS
