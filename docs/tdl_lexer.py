"""Colours for specs on the documentation site: a Pygments lexer for `tdl`."""

from __future__ import annotations

from typing import ClassVar

from pygments import lexers
from pygments.lexer import RegexLexer, words
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Text

__all__ = ["TdlLexer"]  # Pygments looks for lexers here

_BLOCKS = [
    "model",
    "layer",
    "fn",
    "optimizer",
    "schedule",
    "init",
    "data",
    "train",
    "generate",
    "sweep",
    "adapt",
    "use",
    "phase",
    "augment",
    "scan",
]
_DECLARATIONS = [
    "input",
    "target",
    "param",
    "state",
    "const",
    "output",
    "loss",
    "metric",
    "return",
    "yield",
    "require",
    "minimize",
    "load",
]
_WORDS = [
    "if",
    "else",
    "for",
    "in",
    "and",
    "or",
    "not",
    "true",
    "false",
    "where",
    "on",
    "as",
    "every",
    "stop_grad",
    "grad",
]
_TYPES = ["f16", "bf16", "f32", "f64", "i8", "i16", "i32", "i64", "u8", "bool"]


class TdlLexer(RegexLexer):  # type: ignore[misc]  # Pygments has no types here
    """Words, numbers, strings and comments of the Treadle language; how they fit is left to the parser."""

    name = "Treadle"
    aliases = ("tdl",)
    filenames = ("*.tdl",)
    tokens: ClassVar = {
        "root": [
            (r"##.*$", Comment.Special),
            (r"#.*$", Comment.Single),
            (r'"(\\.|[^"\\\n])*"', String),
            (r"\d+(\.\d+)?([eE][+-]?\d+)?", Number),
            (words(_BLOCKS, prefix=r"\b", suffix=r"\b"), Keyword.Declaration),
            (words(_DECLARATIONS, prefix=r"\b", suffix=r"\b"), Keyword),
            (words(_WORDS, prefix=r"\b", suffix=r"\b"), Keyword),
            (words(_TYPES, prefix=r"\b", suffix=r"\b"), Keyword.Type),
            (r"[A-Za-z_]\w*(?=\s*\()", Name.Function),
            (r"[A-Za-z_]\w*(?=\s*=[^=])", Name.Attribute),
            (r"[A-Za-z_]\w*", Name),
            (r"\|>|<-|->|//|==|!=|<=|>=|[-+*/%@^<>=|]", Operator),
            (r"[\[\](){},.:]", Punctuation),
            (r"\s+", Text),
            (r".", Text),
        ]
    }


def register_lexer() -> None:
    """Lets Pygments find the lexer by the name `tdl`."""
    lexers.LEXERS["TdlLexer"] = (__name__, "Treadle", ("tdl",), ("*.tdl",), ())
