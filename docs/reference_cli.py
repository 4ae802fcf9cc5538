"""The reference of commands, from the commands: `docs/cli.md`, and the table that completions read."""

from __future__ import annotations

import json
from typing import Any

import click
import typer.main

from treadle.cli.app import app
from treadle.cli.command_table import ArgumentEntry, CommandEntry, OptionEntry
from treadle.cli.lazy import COMMANDS
from treadle.cli.manual import PAGES

_HEADER = """# Commands

Generated from the commands by `docs/generate.py`; edit their options and `src/treadle/cli/manual.py`, not
this page. `treadle COMMAND --help` prints the same.

## Manners

- **SPEC** is a `.tdl` file or the name of a spec of the [gallery](gallery.md); **RUN** is a run folder. A
  spec where a run is expected means its latest run.
- **Exit codes**: 0 done; 1 something is wrong, and a diagnostic says what; 2 the command line is wrong;
  130 interrupted by Ctrl-C; 141 nobody reads the output any more (`treadle ... | head`).
- **`--json`** prints one JSON document on standard output and nothing else. Mistakes are one, too:
  `{"diagnostics": [...]}`, where each has `code`, `severity`, `title`, `message`, `span`, `labels`, `chain`,
  `notes` and `hint`. The keys that a command lists below stay.
- **`--quiet`** prints errors, and results that are nowhere else.
- **Colours** are for terminals: none in files and pipes, with `TERM=dumb` or with `NO_COLOR` set;
  `FORCE_COLOR` asks for them. A training that writes to a file writes a line an epoch.
- **`--debug`** shows the Python traceback of an internal error.
- **Completion** of commands, options, specs, runs and error codes by Tab:
  `eval "$(treadle completion bash)"` in `~/.bashrc`, the same with `zsh` in `~/.zshrc`, and for fish
  `treadle completion fish > ~/.config/fish/completions/treadle.fish`.
"""


def cli_page() -> str:
    """`docs/cli.md`."""
    return "\n".join([_HEADER, *(_section(name, entry) for name, entry in _entries().items())])


def command_file() -> str:
    """`src/treadle/cli/commands.json`."""
    return json.dumps(_entries(), indent=1, ensure_ascii=False) + "\n"


def _entries() -> dict[str, CommandEntry]:
    group = typer.main.get_command(app)
    context = click.Context(group, info_name="treadle")
    return {name: _entry(name, group, context) for name in COMMANDS}


def _entry(name: str, group: Any, parent: click.Context) -> CommandEntry:
    command = group.get_command(parent, name)
    context = click.Context(command, info_name=name, parent=parent)
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    return {
        "summary": " ".join((command.help or "").partition("\n\n")[0].split()),
        "usage": " ".join(["treadle", name, *command.collect_usage_pieces(context)]),
        "arguments": [_argument(one, context) for one in arguments],
        "options": [_option(one, context) for one in options],
    }


def _argument(one: Any, context: click.Context) -> ArgumentEntry:
    return {"value": one.make_metavar(context), "help": one.help or ""}


def _option(one: Any, context: click.Context) -> OptionEntry:
    flag = bool(one.is_flag)
    shown = one.default is not None and not flag and one.default != ""
    return {
        "names": [*one.opts, *one.secondary_opts],
        "value": None if flag else one.make_metavar(context),
        "default": str(getattr(one.default, "value", one.default)) if shown else None,
        "help": one.help or "",
    }


def _section(name: str, entry: CommandEntry) -> str:
    page = PAGES[name]
    parts = [f"## {name}\n", f"{entry['summary']}\n", f"```text\n{entry['usage']}\n```\n"]
    rows = [f"| `{one['value']}` | {_cell(one['help'])} | |" for one in entry["arguments"]]
    rows += [f"| {_names(one)} | {_cell(one['help'])} | {_default(one)} |" for one in entry["options"]]
    if rows:
        parts.append("\n".join(["| Option | Meaning | Default |", "|---|---|---|", *rows]) + "\n")
    parts.append("Examples:\n\n```text\n" + "\n".join(page.examples) + "\n```\n")
    parts.append(f"Exit code 1: {page.wrong}.\n")
    if page.keys:
        keys = "; ".join(f"`{key}` ({meaning})" for key, meaning in page.keys.items())
        parts.append(f"Keys of `--json`: {keys}.\n")
    return "\n".join(parts)


def _names(one: OptionEntry) -> str:
    value = f" {one['value']}" if one["value"] else ""
    return ", ".join(f"`{name}{value}`" for name in one["names"]).replace("|", "\\|")


def _default(one: OptionEntry) -> str:
    return "" if one["default"] is None else f"`{one['default']}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
