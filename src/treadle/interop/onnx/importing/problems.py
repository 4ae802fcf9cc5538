"""What cannot be imported, and why: errors that name the node.

E1303: the file is no whole model. E1304: an operator, or a use of it, that has no form in Treadle. E1305: a
value decides about shapes, but only running the model would tell it.
"""

from __future__ import annotations

from typing import NoReturn

from treadle.errors import Diagnostic, TreadleError, fail


class UnknownValueError(TreadleError):
    """E1305, with the inputs of the model whose values would have to be known."""

    def __init__(self, message: str, roots: frozenset[str]) -> None:
        hint = f"fix the input: `--fix {min(roots)}=VALUE`" if roots else None
        text = f"{message}, but is known only when the model runs"
        super().__init__([Diagnostic("E1305", text, hint=hint)])
        self.roots = roots


def damaged(message: str) -> NoReturn:
    """Refuse a file that is no whole model (E1303)."""
    fail("E1303", message)


def unsupported(message: str, hint: str | None = None) -> NoReturn:
    """Refuse what has no form in Treadle (E1304)."""
    fail("E1304", message, hint=hint)
