"""A wrong command line as a diagnostic: what is wrong in it, the nearest right word, the usage.

Input: what click raises. Output: a `Diagnostic`. Non-goals: wrong values that commands find themselves.
"""

from typing import Any

import click

from treadle.errors import Diagnostic, did_you_mean

CODE = "E1019"


def usage_problem(error: click.ClickException) -> Diagnostic:
    """The diagnostic about a wrong command line."""
    message = _message(error).strip().rstrip(".")
    hint = _nearest(error)
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "treadle"
    usage = f"`{path} --help` explains it"
    return Diagnostic(CODE, _lowered(message), hint=f"{hint} {usage}" if hint else usage)


def _message(error: click.ClickException) -> str:
    """What click says, without suggestions of its own and without a parameter that has no name."""
    nameless = isinstance(error, click.BadParameter) and error.param is None
    return error.message if nameless or isinstance(error, click.NoSuchOption) else error.format_message()


def _nearest(error: click.ClickException) -> str | None:
    """The option or value that was probably meant."""
    if isinstance(error, click.NoSuchOption):
        context = error.ctx
        known = [name for one in context.command.params for name in one.opts] if context else []
        return did_you_mean(error.option_name, [name for name in known if name.startswith("--")])
    kind: Any = getattr(getattr(error, "param", None), "type", None)
    if isinstance(error, click.BadParameter) and isinstance(kind, click.Choice):
        written = error.message.partition("'")[2].partition("'")[0]
        return did_you_mean(written, [str(getattr(one, "value", one)) for one in kind.choices])
    return None


def _lowered(text: str) -> str:
    """A sentence as the middle of one."""
    return text[:1].lower() + text[1:].replace("'", "`")
