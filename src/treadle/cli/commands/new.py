"""`treadle new NAME`: a commented spec to begin with, which checks and trains as it is."""

import json
import re
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from treadle.cli.options import JsonOption, QuietOption
from treadle.cli.tables import table
from treadle.errors import did_you_mean, fail

_ENDING = ".tdl"
_PLACEHOLDER = re.compile(r"\bNetwork\b")

NameArgument = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="Of the file, and of the model in it.")
]
TemplateOption = Annotated[
    str,
    typer.Option(
        "--template",
        "-t",
        metavar="NAME",
        help="mlp, cnn, rnn, transformer, gan, vae or regression: what to begin with.",
    ),
]
ListOption = Annotated[bool, typer.Option("--list", help="List the templates, and write nothing.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace an existing file.")]


def run(
    name: NameArgument = None,
    template: TemplateOption = "mlp",
    list_all: ListOption = False,
    force: ForceOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a spec to begin with: it checks and trains as it is, on data that come with it."""
    known = templates()
    if list_all:
        _list(known, as_json=as_json)
        return
    if name is None:
        raise typer.BadParameter("name a file, or list the templates with --list")
    if template not in known:
        hint = did_you_mean(template, known) or f"templates are: {', '.join(known)}"
        fail("E1018", f"there is no template `{template}`", hint=hint)
    path = Path(name if name.endswith(_ENDING) else name + _ENDING)
    if path.exists() and not force:
        fail("E1004", f"{path} exists already", hint="`--force` replaces it")
    text = named(known[template], path.stem).replace("FILE", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    if as_json:
        print(json.dumps({"file": str(path)}))
    elif not quiet:
        print(f"{path}: try `treadle check {path}`, then `treadle train {path}`")


def _list(known: dict[str, str], *, as_json: bool) -> None:
    """Names and first comments of the templates."""
    summaries = {name: text.partition("\n")[0].lstrip("# ") for name, text in known.items()}
    if as_json:
        print(json.dumps({"templates": summaries}, indent=2))
    else:
        print(table(list(summaries.items()), left=2))


def templates() -> dict[str, str]:
    """The texts of the templates by name."""
    files = resources.files("treadle").joinpath("templates").iterdir()
    found = sorted((file for file in files if file.name.endswith(_ENDING)), key=lambda file: file.name)
    return {file.name.removesuffix(_ENDING): file.read_text("utf-8") for file in found}


def named(template: str, stem: str) -> str:
    """A template whose model is called after a file, but not like another block."""
    name = model_name(stem)
    while re.search(rf"\b{name}\b", template):
        name += "Net"
    return _PLACEHOLDER.sub(name, template)


def model_name(stem: str) -> str:
    """The words of a file name as one name: `my-net` becomes `MyNet`."""
    words = re.findall(r"[^\W_]+", stem)
    name = "".join(word[:1].upper() + word[1:] for word in words)
    return name if name[:1].isalpha() else f"Net{name}"
