"""Makes the repository a documentation site: called by mkdocs while it builds (`mkdocs.yml`).

Pages lie where a reader of the repository looks for them: README.md, examples/*/README.md, specs as text.
Here they get a place in the site, and links between them, written for the repository, are turned to it. A
link to a file that is no page becomes its name. Non-goals: what the pages say.
"""

from __future__ import annotations

import posixpath
import re
import sys
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(Path(__file__).resolve().parent))

from tdl_lexer import register_lexer  # noqa: E402 - needs the path

_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s#]*)(#[^)\s]*)?\)")
_PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
_CODE = {".tdl": "tdl", ".lark": "text"}

register_lexer()


def on_files(files: Files, config: Any) -> Files:
    """Adds the pages and pictures that lie outside of `docs/`."""
    for path in _outside():
        place = place_of(path)
        if Path(path).suffix in _CODE:
            files.append(File.generated(config, place, content=_code_page(path)))
        elif path.endswith(".md"):
            files.append(File.generated(config, place, content=(ROOT / path).read_text(encoding="utf-8")))
        else:
            files.append(File.generated(config, place, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turns the links of a page to the site's places."""
    place = page.file.src_uri
    source = next((path for path in _outside() if place_of(path) == place), f"docs/{place}")
    return _LINK.sub(lambda found: _turned(found, source, place), markdown)


def place_of(path: str) -> str | None:
    """Where a file of the repository lies in the site; None when it does not."""
    parts = PurePosixPath(path).parts
    if path in _PAGES:
        return _PAGES[path]
    if parts[0] == "docs":
        return posixpath.join(*parts[1:]) if len(parts) > 1 else "index.md"
    if parts[0] == "examples" and parts[-1] == "README.md":
        return posixpath.join(*parts[:-1], "index.md")
    if parts[0] == "examples" and path.endswith((".svg", ".png", ".html")):
        return path
    if parts[0] in {"specs", "grammar", "examples"} and Path(path).suffix in _CODE:
        return f"{path.rsplit('.', 1)[0]}.md"
    return None


def _outside() -> list[str]:
    """The files outside of `docs/` that the site shows."""
    patterns = (*_PAGES, "examples/**/*.*", "specs/**/*.tdl", "grammar/*.lark")
    found = sorted(path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file())
    names = [path.relative_to(ROOT).as_posix() for path in found]
    return [name for name in names if place_of(name) is not None and "/runs/" not in name]


def _code_page(path: str) -> str:
    text = (ROOT / path).read_text(encoding="utf-8").rstrip()
    return f"# {PurePosixPath(path).name}\n\n````{_CODE[Path(path).suffix]}\n{text}\n````\n"


def _turned(found: re.Match[str], source: str, place: str) -> str:
    """A link of a page of the repository, as a link of the site."""
    mark, text, target, anchor = found.group(1), found.group(2), found.group(3), found.group(4) or ""
    if not target or ":" in target:
        return found.group(0)
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    path = f"{path}/README.md" if (ROOT / path / "README.md").is_file() else path
    there = place_of(path)
    if there is None or not (ROOT / path).is_file():
        return text if (ROOT / path).exists() else found.group(0)
    return f"{mark}[{text}]({posixpath.relpath(there, posixpath.dirname(place) or '.')}{anchor})"
