"""The cases of the gallery, one module per chapter: a folder of `specs/` and a module have the same name."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from gallery.case import Case

SPECS = Path(__file__).resolve().parents[3] / "specs"


def chapters() -> list[str]:
    """The folders of the gallery."""
    return sorted(path.name for path in SPECS.iterdir() if path.is_dir())


def all_cases() -> dict[str, Case]:
    """The cases of all chapters, by the name of the spec."""
    found: dict[str, Case] = {}
    for chapter in chapters():
        found |= import_module(f"gallery.cases.{chapter}").CASES
    return found
