"""A group of commands whose modules are imported one at a time, when they are needed.

Input: the name of a command. Output: the command, with its manual. Non-goals: the list of all commands with
their options, which `command_table` has without importing any.
"""

from collections.abc import Callable
from importlib import import_module
from shutil import get_terminal_size
from typing import Any, Literal, get_args, get_type_hints

import typer
import typer.core
import typer.main

from treadle.cli.command_table import command_table
from treadle.cli.manual import PAGES
from treadle.errors import did_you_mean

COMMANDS = {
    "new": "new",
    "check": "check",
    "summary": "summary",
    "draw": "draw",
    "train": "train",
    "runs": "runs",
    "eval": "evaluate",
    "predict": "predict",
    "generate": "generate",
    "sweep": "sweep",
    "study": "study",
    "weights": "weights",
    "export": "export",
    "import": "importing",
    "gradcheck": "gradcheck",
    "profile": "profile",
    "fmt": "fmt",
    "lint": "lint",
    "render": "render",
    "lsp": "lsp",
    "doctor": "doctor",
    "explain": "explain",
    "completion": "completion",
}
_BOXES_NEED = 60  # columns


class LazyCommands(typer.core.TyperGroup):
    """Finds a command's function in `treadle.cli.commands`."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the framework's signature
        """Names of all commands, in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """The command of this name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"treadle.cli.commands.{COMMANDS[cmd_name]}")
        single = typer.Typer(add_completion=False, context_settings=_settings(), rich_markup_mode=_markup())
        single.command(cmd_name, cls=_Command, epilog=PAGES[cmd_name].epilog(boxed=_markup() is not None))(
            module.run
        )
        return _with_help(typer.main.get_command(single), module.run)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The page of all commands, which needs their first lines only."""
        listed = _Listed(
            name=self.name,
            params=self.params,
            help=self.help,
            epilog=self.epilog,
            rich_markup_mode=_markup(),
        )
        listed.format_help(ctx, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the arguments name; an unknown one is a usage error with a suggestion."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            hint = did_you_mean(args[0], COMMANDS) or f"commands are: {', '.join(COMMANDS)}"
            ctx.fail(f"there is no command `{args[0]}`; {hint}")
        return super().resolve_command(ctx, args)


class _Command(typer.core.TyperCommand):
    """A command whose arguments are listed once."""

    def format_arguments(self, ctx: Any, formatter: Any) -> None:
        """Leaves them to the list that typer writes beside that of newer versions of click."""


class _Listed(typer.core.TyperGroup):
    """Commands that can be listed, not run."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Names of all commands, in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """A command of this name and summary."""
        return typer.core.TyperCommand(cmd_name, help=command_table()[cmd_name]["summary"])


def _markup() -> Literal["rich"] | None:
    """How help is laid out: in boxes, or as lines on narrow terminals, where boxes would cut words."""
    return "rich" if get_terminal_size().columns >= _BOXES_NEED else None


def _settings() -> dict[str, Any]:
    """How commands ask for help, and how wide it is where click would write wider."""
    narrow = {} if _markup() else {"terminal_width": get_terminal_size().columns - 1}
    return {"help_option_names": ["-h", "--help"], **narrow}


def _with_help(command: Any, function: Callable[..., None]) -> Any:
    """The command with the help of its arguments, which typer loses with some versions of click."""
    hints = get_type_hints(function, include_extras=True)
    for param in command.params:
        if param.param_type_name == "argument":
            param.help = get_args(hints[param.name])[1].help
    return command
