"""Laying out lines of Python: statements that fit the page, with comments where there is room.

Input: a statement as one line. Output: lines. Non-goals: knowing what they mean.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 110


def wrapped(text: str, indent: int, comment: str = "") -> list[str]:
    """A statement on as few lines as fit, broken inside of brackets; a comment goes where there is room."""
    width = WIDTH - indent
    note = f"  # {comment}" if comment else ""
    if len(text) + len(note) <= width:
        return [text + note]
    above = [f"# {comment}"] if comment else []
    if len(text) <= width:
        return [*above, text]
    return [*above, *_broken(text, width)]


def assignment(targets: Sequence[str], value: str, indent: int, comment: str = "") -> list[str]:
    """`targets = value`; targets that do not fit on a line are put into brackets."""
    text = ", ".join(targets)
    if len(text) + 30 <= WIDTH - indent:
        return wrapped(f"{text} = {value}", indent, comment)
    inner = _lines_of(text, WIDTH - indent - 4)
    above = [f"# {comment}"] if comment else []
    return [*above, "(", *(f"    {line}" for line in inner), *wrapped(f") = {value}", indent)]


def _broken(text: str, width: int) -> list[str]:
    """A call around everything is opened on a line of its own; else brackets around the value are."""
    opening = _opening(text)
    if opening is None:
        name, equals, value = text.rpartition(" = ") if " = " in text else ("", "return ", text[7:])
        text = f"{name}{equals}({value})"
        opening = len(name) + len(equals)
    closing = len(text) - 1 if text[-1] in ")]}" else len(text) - 2
    inner = _lines_of(text[opening + 1 : closing], width - 4)
    return [text[: opening + 1], *(f"    {line}" for line in inner), text[closing:]]


def _opening(text: str) -> int | None:
    """Where the bracket opens that closes at the end of a statement."""
    closing, depth = text.rstrip(":"), 0
    for position in range(len(closing) - 1, -1, -1):
        depth += (closing[position] in ")]}") - (closing[position] in "([{")
        if depth == 0:
            before = closing[:position].rpartition(" = ")[2].removeprefix("return ").removeprefix("def ")
            is_whole = " " not in before and closing[-1] in ")]}" and position < len(closing) - 1
            return position if is_whole else None
    return None


def _lines_of(text: str, width: int) -> list[str]:
    """Text broken at blanks, the outermost that fit first."""
    lines = []
    while len(text) > width:
        blanks = _blanks(text[: width + 1])
        if not blanks:
            break
        least = min(depth for _, depth in blanks)
        place = max(position for position, depth in blanks if depth == least)
        lines.append(text[:place])
        text = text[place + 1 :]
    return [*lines, text]


def _blanks(text: str) -> list[tuple[int, int]]:
    """Where a text may be broken, and inside of how many brackets."""
    depth, found = 0, []
    for position, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == " " and position > len(text) // 3:
            found.append((position, depth))
    return found


_COMMENT = re.compile(r"( *)# .*$")
_SHAPE = re.compile(r"# \w*\[[^\]]*\](, )?")


def without_comments(lines: Iterable[str]) -> list[str]:
    """Lines of code alone."""
    stripped = (_COMMENT.sub("", line) for line in lines)
    return [line for line in stripped if line.strip()]


def without_shapes(lines: Iterable[str]) -> list[str]:
    """Comments without the shapes of values."""
    stripped = (_SHAPE.sub("# ", line) for line in lines)
    return [re.sub(r"\s*# $", "", line) for line in stripped if line.strip() != "#"]


def wrapped_text(text: str, indent: int) -> list[str]:
    """Prose as lines of the usual width, indented."""
    pad = " " * indent
    return textwrap.wrap(text, WIDTH, initial_indent=pad, subsequent_indent=pad, break_long_words=False)
