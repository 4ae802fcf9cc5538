"""A group of commands whose modules are imported one at a time, when they are needed."""

from importlib import import_module
from typing import Any

import typer
import typer.core
import typer.main

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
}


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
        single = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})
        single.command(cmd_name)(module.run)
        return typer.main.get_command(single)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the arguments name; an unknown one is a usage error with a suggestion."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            hint = did_you_mean(args[0], COMMANDS) or f"commands are: {', '.join(COMMANDS)}"
            ctx.fail(f"there is no command `{args[0]}`; {hint}")
        return super().resolve_command(ctx, args)
