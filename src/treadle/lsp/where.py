"""Where things lie: addresses of files, and places in files other than the one at hand.

Input: spans. Output: locations of the protocol. Library places point into the installed files.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from urllib.parse import unquote, urlparse
from urllib.request import url2pathname

from lsprotocol import types as lsp

from treadle.lsp.positions import Positions
from treadle.lsp.reading import Reading
from treadle.source import Span

_LIBRARY = "stdlib/"


def path_of(uri: str) -> Path | None:
    """The path of an address; None for a text without a file."""
    parts = urlparse(uri)
    return Path(url2pathname(unquote(parts.path))) if parts.scheme == "file" else None


def file_of(span: Span) -> Path | None:
    """The file that a span lies in; None for a text without one."""
    name = span.source.name
    if name.startswith(_LIBRARY):
        return Path(str(resources.files("treadle").joinpath(name)))
    return Path(name).absolute() if Path(name).exists() else None


def uri_of(span: Span, reading: Reading, uri: str) -> str | None:
    """The address of the file of a span; `uri` is that of `reading`."""
    if span.source is reading.source:
        return uri
    file = file_of(span)
    return None if file is None else file.as_uri()


def location(span: Span, reading: Reading, uri: str, encoding: str) -> lsp.Location | None:
    """A span as a location."""
    found = uri_of(span, reading, uri)
    return None if found is None else lsp.Location(found, Positions(span.source, encoding).range(span))
