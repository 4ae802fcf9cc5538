"""Parsing a text that is being written: what is sound of it, block by block.

Stage: beside `parser`, for editors. Input: `Source`. Output: `Draft`: a syntax tree of all blocks that can be
read, and every mistake as `parse` reports it. In a broken block the broken lines are left out if that mends
it. Blocks whose text did not change are not parsed again. Non-goals: names and meaning.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, TypeVar

from treadle.errors import Diagnostic, Diagnostics, TreadleError
from treadle.frontend import ast
from treadle.frontend.depth import check_depth
from treadle.frontend.layout import CONTINUES_AFTER, lay_out
from treadle.frontend.parser import parse, parse_part
from treadle.frontend.placement import check_placement
from treadle.source import Source, Span

MAX_MENDED = 6  # lines that are left out of one broken block
MAX_REMEMBERED = 4_000  # blocks

Blocks = tuple[ast.TopLevel, ...]
NodeT = TypeVar("NodeT", bound=ast.Node)

_DANGLING = (*CONTINUES_AFTER, "(", "[", ".", ":", "|>")
_WORD_AT_END = re.compile(r"\w+$")


@dataclass(frozen=True)
class Draft:
    """A text as far as it can be understood.

    Attributes:
        code: the text with its comments blanked, offsets unchanged.
        problems: what `parse` finds wrong; empty for a text without mistakes of syntax.
    """

    spec: ast.Spec
    code: str
    problems: tuple[Diagnostic, ...]


class DraftReader:
    """Reads the versions of texts, and remembers their blocks."""

    def __init__(self) -> None:
        """Begin with nothing remembered."""
        self._known: OrderedDict[str, tuple[int, Blocks]] = OrderedDict()

    def read(self, source: Source) -> Draft:
        """The sound blocks of a text and its mistakes."""
        try:
            layout = lay_out(source)
        except TreadleError as error:
            return Draft(_spec((), source), source.text, tuple(error.diagnostics))
        found: list[ast.TopLevel] = []
        sound = not layout.problems
        for start, end in _parts(layout.block_starts, len(source.text)):
            blocks = self._sound_part(source, layout.text[start:end], start)
            sound = sound and blocks is not None
            found += _mended_part(source, start, end) if blocks is None else blocks
        spec = _spec(tuple(found), source, layout.comments)
        code = _blank_comments(source.text, layout.comments)
        return Draft(spec, code, _problems(source, spec, sound=sound))

    def _sound_part(self, source: Source, text: str, start: int) -> Blocks | None:
        """The blocks of a part of the laid-out text; None when it has a mistake."""
        known = self._known.get(text)
        if known is not None:
            self._known.move_to_end(text)
            before, blocks = known
            return tuple(_moved(block, source, start - before) for block in blocks)
        try:
            blocks = _parsed(source, " " * start + text)
        except TreadleError:
            return None
        self._known[text] = (start, blocks)
        while len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)
        return blocks


def _parsed(source: Source, text: str) -> Blocks:
    """The blocks of a laid-out text, not too deep to be followed by recursion."""
    blocks = parse_part(source, text)
    check_depth(_spec(blocks, source))
    return blocks


def _parts(starts: tuple[int, ...], length: int) -> Iterator[tuple[int, int]]:
    """The ranges of the text that hold one block (or what stands before the first)."""
    bounds = [0, *(start for start in starts if start > 0), length]
    return pairwise(bounds)


def _spec(blocks: Blocks, source: Source, comments: tuple[tuple[int, str], ...] = ()) -> ast.Spec:
    return ast.Spec(blocks, comments, span=source.span(0, len(source.text)))


def _problems(source: Source, spec: ast.Spec, *, sound: bool) -> tuple[Diagnostic, ...]:
    """All mistakes of syntax; `parse` finds them again, because it says them best."""
    problems = Diagnostics()
    try:
        if not sound:
            parse(source)
        check_placement(spec, problems)
    except TreadleError as error:
        return tuple(error.diagnostics)
    return tuple(problems)


def _mended_part(source: Source, start: int, end: int) -> Blocks:
    """The blocks of a broken part without its broken lines; none when that does not help."""
    text = source.text[start:end]
    for _ in range(MAX_MENDED):
        part = Source(source.name, " " * start + text)
        place = None
        try:
            layout = lay_out(part)
            if not layout.problems:
                return tuple(_moved(block, source, 0) for block in _parsed(part, layout.text))
            place = layout.problems[0].span
        except TreadleError as error:
            place = error.diagnostics[0].span
        mended = None if place is None else _without_line(text, place.start - start)
        if mended is None:
            return ()
        text = mended
    return ()


def _without_line(text: str, place: int) -> str | None:
    """The text without the line that a mistake lies in, or the unfinished one before it."""
    header_end = text.find("\n") if "\n" in text else len(text)
    if place <= header_end and text[:header_end].rstrip().endswith("{"):
        closed = text.rstrip() + "\n}"
        return None if text.rstrip().endswith("\n}") else closed
    first = text.rfind("\n", 0, min(place, len(text))) + 1
    before = text[:first].rstrip()
    if _dangles(before) and before.rfind("\n") >= 0:
        first = before.rfind("\n") + 1
    last = text.find("\n", first)
    last = len(text) if last < 0 else last
    if first == 0 or not text[first:last].strip() or text[first:last].strip() == "}":
        return None
    return text[:first] + " " * (last - first) + text[last:]


def _dangles(before: str) -> bool:
    """Whether a line that ends so cannot be the end of its statement."""
    word = _WORD_AT_END.search(before)
    return word[0] in CONTINUES_AFTER if word else before.endswith(_DANGLING)


def _blank_comments(text: str, comments: tuple[tuple[int, str], ...]) -> str:
    pieces, end = [], 0
    for start, comment in comments:
        pieces += [text[end:start], " " * len(comment)]
        end = start + len(comment)
    return "".join([*pieces, text[end:]])


def _moved(node: NodeT, source: Source, by: int) -> NodeT:
    """The same tree in another source, `by` characters further on."""
    copy = object.__new__(type(node))
    for name in _field_names(type(node)):
        object.__setattr__(copy, name, _moved_value(getattr(node, name), source, by))
    return copy


def _moved_value(value: Any, source: Source, by: int) -> Any:
    if isinstance(value, Span):
        return Span(source, value.start + by, value.end + by)
    if isinstance(value, ast.Node):
        return _moved(value, source, by)
    if isinstance(value, tuple):
        return tuple([_moved_value(item, source, by) for item in value])
    return value


_FIELDS: dict[type[ast.Node], tuple[str, ...]] = {}


def _field_names(kind: type[ast.Node]) -> tuple[str, ...]:
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(field.name for field in fields(kind))
    return _FIELDS[kind]
