"""Parsing: spec text to syntax tree.

Stage: `Source` -> `ast.Spec`, through layout, grammar and transform. Raises TreadleError with all mistakes
found; after one, parsing goes on at the next top-level block. Non-goals: names and meaning. The only module
that imports lark.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import lark
from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.grammar import Rule
from lark.lexer import TerminalDef

from treadle.errors import Diagnostic, Diagnostics, TreadleError
from treadle.frontend import ast, table_cache
from treadle.frontend.depth import check_depth
from treadle.frontend.layout import Layout, lay_out
from treadle.frontend.placement import check_placement
from treadle.frontend.syntax_errors import Unexpected, explain
from treadle.frontend.transform import to_ast
from treadle.source import Source

_OPTIONS: dict[str, Any] = {
    "parser": "lalr",
    "lexer": "contextual",
    "start": "spec",
    "propagate_positions": True,
    "maybe_placeholders": True,
}


def parse(source: Source) -> ast.Spec:
    """Parse the text of one spec file.

    Raises TreadleError: E01xx for syntax, E0302/E0316 for parameter lists, E09xx for limits.
    """
    layout = lay_out(source)
    problems = Diagnostics()
    problems.extend(layout.problems)
    tree = _parse_blocks(_without_broken_blocks(layout), source, layout, problems)
    problems.raise_if_errors()
    spec = to_ast(tree, source, layout.comments, problems)
    check_depth(spec)
    check_placement(spec, problems)
    problems.raise_if_errors()
    return spec


def parse_part(source: Source, text: str) -> tuple[ast.TopLevel, ...]:
    """The blocks of a laid-out text in which all else of `source` is blank.

    Raises TreadleError with the first mistake of syntax, or those of the rules.
    """
    problems = Diagnostics()
    try:
        tree = _grammar().parse(text)
    except UnexpectedInput as error:
        raise TreadleError([_explain(error, source, text)]) from None
    spec = to_ast(tree, source, (), problems)
    problems.raise_if_errors()
    return spec.blocks


class WordToken(NamedTuple):
    """A token of the grammar: the name of its terminal, its text and offset."""

    kind: str
    text: str
    start: int


def tokens_of(text: str) -> Iterator[WordToken]:
    """The tokens of a text that was laid out and has no mistakes, separators among them."""
    for token in _grammar().parse_interactive(text).iter_parse():
        yield WordToken(token.type, str(token), token.start_pos or 0)


def _parse_blocks(text: str, source: Source, layout: Layout, problems: Diagnostics) -> Tree[Token]:
    """Parse `text`; after a mistake, blank everything up to the next block and go on, to find more
    mistakes."""
    while True:
        try:
            return _grammar().parse(text)
        except UnexpectedInput as error:
            offset = _offset(error, text)
            if offset < len(text) or not layout.problems:  # an open bracket has been reported already
                problems.append(_explain(error, source, text))
            if problems.full:
                problems.raise_if_errors()
            text = _blank(text, 0, layout.next_block(offset))


def _without_broken_blocks(layout: Layout) -> str:
    """Blank the blocks in which the layout pass found a mistake: the parser could only repeat it."""
    text = layout.text
    for problem in layout.problems:
        if problem.span is not None:
            start = problem.span.start
            text = _blank(text, layout.block_of(start), layout.next_block(start))
    return text


def _blank(text: str, start: int, end: int) -> str:
    return text[:start] + " " * (end - start) + text[end:]


def _explain(error: UnexpectedInput, source: Source, text: str) -> Diagnostic:
    offset = _offset(error, text)
    if isinstance(error, UnexpectedToken):
        end = len(text) if error.token.type == "$END" else error.token.end_pos or offset + 1
        kind, expected = error.token.type, error.accepts or error.expected
    elif isinstance(error, UnexpectedCharacters):
        end, kind, expected = offset + 1, "", error.allowed
    return explain(Unexpected(source, text, offset, end, kind, frozenset(expected)))


def _offset(error: UnexpectedInput, text: str) -> int:
    at_end = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    return len(text) if at_end or error.pos_in_stream is None else error.pos_in_stream


@cache
def _grammar() -> Lark:
    """The parser; its tables are computed once per grammar and version, then read from the cache folder."""
    text = _grammar_text()
    key = table_cache.key_of(text, lark.__version__, *map(str, sorted(_OPTIONS.items())))
    tables = table_cache.read(key)
    if tables is not None:
        return _from_tables(tables)
    built = Lark(text, **_OPTIONS)
    table_cache.write(key, _to_tables(built))
    return built


def _to_tables(built: Lark) -> dict[str, Any]:
    data, memo = built.memo_serialize([TerminalDef, Rule])
    return {"data": data, "memo": memo}


def _from_tables(tables: dict[str, Any]) -> Lark:
    """What lark's generated stand-alone parsers do at their start; lark's own files would be pickles."""
    return Lark._load_from_dict(tables["data"], tables["memo"])  # noqa: SLF001


def _grammar_text() -> str:
    """The grammar as shipped in the wheel, or the repository's when run from a checkout."""
    shipped = resources.files("treadle") / "grammar" / "treadle.lark"
    checkout = Path(__file__).parents[3] / "grammar" / "treadle.lark"
    return shipped.read_text("utf-8") if shipped.is_file() else checkout.read_text("utf-8")
