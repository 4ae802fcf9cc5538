"""Writes the generated references: `docs/ops.md` from the registry, `docs/library.md` from the library,
`docs/builtins.md` from the functions written in Python, `docs/gallery.md` from the specs, `docs/cli.md` and
the table of `treadle.cli.command_table` from the commands, `docs/onnx-operators.md` from the translators of
ONNX operators.

    python docs/generate.py            writes all
    python docs/generate.py --check    exits with 1 and names the stale ones, if any

Also redraws `docs/images/*.svg` with `--images`, which needs Graphviz.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from reference_api import api_page
from reference_builtins import builtins_page
from reference_cli import cli_page, command_file
from reference_gallery import SPECS, gallery_page
from reference_library import library_page
from reference_onnx import onnx_page
from reference_ops import ops_page
from treadle.frontend.load import load_text
from treadle.viz import Wish, draw, subject_of
from treadle.viz.graphviz import render

DOCS = Path(__file__).resolve().parent
PAGES: dict[str, Callable[[], str]] = {
    "ops.md": ops_page,
    "library.md": library_page,
    "builtins.md": builtins_page,
    "gallery.md": gallery_page,
    "onnx-operators.md": onnx_page,
    "api.md": api_page,
    "../src/treadle/cli/commands.json": command_file,
    "cli.md": cli_page,
}


def stale() -> list[str]:
    """Names of the pages whose text on disk is not what would be written now."""
    return [name for name, page in PAGES.items() if _text(DOCS / name) != page()]


def write() -> None:
    """Writes all pages."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")


_LENET, _RESNET = "convolution/lenet.tdl", "convolution/resnet.tdl"
_DRAWN: dict[str, tuple[str, str, Wish]] = {
    "lenet": (_LENET, "LeNet", Wish()),
    "lenet_joint": (_LENET, "LeNet", Wish("joint")),
    "lenet_kernels": (_LENET, "LeNet", Wish("kernels")),
    "lenet_memory": (_LENET, "LeNet", Wish("memory")),
    "resnet18": (_RESNET, "ResNet18", Wish()),
}


def draw_images() -> None:
    """Draws the pictures of the gallery, and the hand-written dot files."""
    images = DOCS / "images"
    for name, (spec, model, wish) in _DRAWN.items():
        checked = load_text((SPECS / spec).read_text(encoding="utf-8"), f"specs/{spec}")
        draw(subject_of(checked, wish.what, model), images / f"{name}.svg", wish, overwrite=True)
    for source in images.glob("*.dot"):
        source.with_suffix(".svg").write_bytes(_rendered(source.read_text(encoding="utf-8")))


def main(arguments: list[str]) -> int:
    """The command; returns its exit code."""
    if "--check" in arguments:
        names = stale()
        for name in names:
            print(f"docs/{name} is stale; run `python docs/generate.py`", file=sys.stderr)
        return 1 if names else 0
    if "--images" in arguments:
        draw_images()
    write()
    return 0


def _rendered(text: str) -> bytes:
    return render(lambda _layout: text, "svg").content


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
