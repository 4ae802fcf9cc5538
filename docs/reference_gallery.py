"""The page `docs/gallery.md`: the specs that come with Treadle, chapter by chapter.

Input: `specs/<chapter>/*.tdl`; the comment at the head of a spec is its description. Output: markdown.
"""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path

SPECS = Path(__file__).resolve().parents[1] / "specs"

TITLES = {
    "first_networks": "First networks",
    "training": "Training",
    "convolution": "Convolutional networks",
    "sequences": "Sequences",
    "attention": "Attention and transformers",
    "representation": "Representation learning",
    "generative": "Generative models",
    "graphs": "Graphs",
    "robustness": "Robustness",
}

_HEADER = """# Gallery

The specs that come with Treadle. Each can be named without its path: `treadle train lenet`,
`treadle draw lenet`, `treadle summary lenet`. Specs that read data files look for them under `--data DIR`,
in `$TREADLE_DATA`, beside the spec and in `./data`.

<!-- written by docs/generate.py from the comments at the head of the specs -->
"""


def gallery_page() -> str:
    """The page: a table per chapter."""
    return "\n".join([_HEADER, *(_section(folder, title) for folder, title in TITLES.items())])


def description(text: str) -> str:
    """The comment at the head of a spec, as one line."""
    lines = takewhile(lambda line: line.startswith("#"), text.splitlines())
    return " ".join(line.lstrip("# ").strip() for line in lines)


def _section(folder: str, title: str) -> str:
    paths = sorted((SPECS / folder).glob("*.tdl"))
    rows = [
        f"| [`{path.stem}`](../specs/{folder}/{path.name}) | {_cell(path)} | {_files(path)} |"
        for path in paths
    ]
    return "\n".join([f"## {title}\n", "| Spec | What it is | Data files |", "|---|---|---|", *rows, ""])


def _cell(path: Path) -> str:
    return description(path.read_text("utf-8")).replace("|", "\\|")


def _files(path: Path) -> str:
    names = re.findall(r'"([\w./-]+\.(?:npz|csv|txt|gz|tsv))"', path.read_text("utf-8"))
    return ", ".join(f"`{name}`" for name in dict.fromkeys(names)) or "-"
