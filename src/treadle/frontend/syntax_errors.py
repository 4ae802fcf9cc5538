"""Explains what is wrong where the parser cannot go on, in the words of someone who writes specs.

Input: `Unexpected`, the place, what stands there and the terminals that would have fitted. Output: one
Diagnostic. The rules are tried in order; the first that recognises the situation speaks. Non-goals: finding
the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from treadle.errors import Diagnostic, did_you_mean
from treadle.frontend.terminals import RESERVED, list_terminals
from treadle.source import Source, Span

_CURRIED = ("layer", "optimizer", "schedule", "init")
_USERS = ("data", "train", "generate", "sweep", "adapt")
_BLOCK_WORDS = ("use", "const", "model", "fn", *_CURRIED, *_USERS)
_TRAIN_WORDS = ("minimize", "phase", "batch", "epochs", "steps", "optimizer", "decay", "clip", "seed")
_DECLARATIONS = ("input", "target", "param", "state")
_WITH_BLOCK = ("model", "fn", "for", "if", "else", "phase", "augment", *_CURRIED, *_USERS)
_LAST_TOKEN = re.compile(r'(?:\w+|"[^"\n]*"|\|>|->|<-|[=!<>]=|//|\.\.\.|.)\Z', re.DOTALL)


@dataclass(frozen=True)
class Unexpected:
    """The text [start, end) of kind `kind` ('' when it is no token at all) fits none of `expected`."""

    source: Source
    text: str
    start: int
    end: int
    kind: str
    expected: frozenset[str]

    @cached_property
    def span(self) -> Span:
        """The unexpected text; a line end is shown just behind what precedes it."""
        if self.found == "":
            return self.source.span(self.previous_end, self.previous_end + 1)
        return self.source.span(self.start, self.end)

    @cached_property
    def found(self) -> str:
        """The unexpected text itself; '' for a line end or the end of the file."""
        return self.text[self.start : self.end].strip()

    @cached_property
    def found_words(self) -> str:
        """The unexpected text as it is called in a sentence."""
        if self.found:
            return f"`{_shorten(self.found)}`"
        return "the end of the file" if self.kind == "$END" else "the end of the line"

    @cached_property
    def previous_end(self) -> int:
        """Where the text before this one ends."""
        return len(self.text[: self.start].rstrip())

    @cached_property
    def previous(self) -> str:
        """The token before."""
        match = _LAST_TOKEN.search(self.text[max(0, self.previous_end - 200) : self.previous_end])
        return match.group() if match else ""

    @cached_property
    def statement(self) -> str:
        """The statement so far, the unexpected text included."""
        begin = max(self.text.rfind(mark, 0, self.previous_end) for mark in "\n;{}") + 1
        return self.text[begin : self.end].strip()

    @cached_property
    def first_word(self) -> str:
        """The word that begins the statement."""
        match = re.match(r"\w+", self.statement)
        return match.group() if match else ""

    @property
    def line_ended(self) -> bool:
        """Whether the unexpected text stands on a later line than what precedes it."""
        return "\n" in self.source.text[self.previous_end : self.start]

    @property
    def begins_statement(self) -> bool:
        """Whether nothing of the statement precedes the unexpected text."""
        return (
            not self.previous or self.previous in "{};" or "\n" in self.text[self.previous_end : self.start]
        )

    def says(self, code: str, message: str, hint: str | None = None) -> Diagnostic:
        """A diagnostic at this place."""
        return Diagnostic(code, message, self.span, hint=hint)


def explain(unexpected: Unexpected) -> Diagnostic:
    """Choose the explanation that fits; the last rule always does."""
    for rule in _RULES:
        diagnostic = rule(unexpected)
        if diagnostic is not None:
            return diagnostic
    expected = list_terminals(unexpected.expected)
    if not unexpected.found:
        return unexpected.says("E0101", f"{unexpected.found_words} comes too early; expected {expected}")
    return unexpected.says("E0101", f"unexpected {unexpected.found_words}; expected {expected}")


def _number(at: Unexpected) -> Diagnostic | None:
    if at.kind or not at.found.isdigit():
        return None
    match = re.compile(r"[\w.]+").match(at.text, at.start)
    word = match.group() if match else at.found
    span = at.source.span(at.start, at.start + len(word))
    message = f"`{_shorten(word)}` is neither a number nor a name"
    return Diagnostic("E0110", message, span, hint="numbers are written 12, 0.5 or 1e-3")


def _top_level(at: Unexpected) -> Diagnostic | None:
    if "_MODEL" not in at.expected:
        return None
    word = at.found
    if re.match(r"\s*=(?!=)", at.text[at.end :]):
        return at.says(
            "E0109", f"`{word} = ...` cannot stand at the top level", f"write `const {word} = ...`"
        )
    hint = did_you_mean(word, _BLOCK_WORDS) or f"a file holds {', '.join(_BLOCK_WORDS)}"
    return at.says("E0109", f"{at.found_words} does not begin a block", hint)


def _after_block(at: Unexpected) -> Diagnostic | None:
    if not at.found or not at.expected <= {"_SEP", "$END", "RBRACE"}:
        return None
    if at.first_word in _DECLARATIONS and at.found == ",":
        return at.says("E0118", "a shape stands in brackets", "such as [N, 4]")
    if not re.match(r'[\w"(\[{]', at.found):
        return at.says("E0101", f"unexpected {at.found_words} after `{_shorten(at.previous)}`")
    message = f"{at.found_words} must begin on a line of its own"
    return at.says("E0117", message, "end the statement before it with a line end or `;`")


def _parameter_list(at: Unexpected) -> Diagnostic | None:
    if "LPAR" not in at.expected or at.first_word not in (*_CURRIED, "fn") or "INTEGER" in at.expected:
        return None
    if {"ARROW", "PLUS"} & at.expected or at.previous == "->":
        return None
    if at.first_word == "fn":
        return at.says("E0115", "an fn needs a parameter list", "fn name(x) = ...")
    message = f"{_article(at.first_word)} `{at.first_word}` needs two parameter lists"
    return at.says(
        "E0115", message, f"{at.first_word} name(settings)(inputs): the first list may be empty: ()"
    )


def _name(at: Unexpected) -> Diagnostic | None:
    if "NAME" not in at.expected or "INTEGER" in at.expected or "LSQB" in at.expected:
        return None
    if at.found in RESERVED:
        message = f"`{at.found}` is a reserved word and cannot be a name"
        return at.says("E0116", message, f"another name, such as `{at.found}_`")
    return at.says("E0108", f"expected a name after `{at.previous}`, found {at.found_words}")


def _type(at: Unexpected) -> Diagnostic | None:
    if at.first_word in _DECLARATIONS and "COLON" in at.expected and at.expected <= {"COLON", "EQUAL"}:
        message = f"`{at.previous}` needs a type, found {at.found_words}"
        return at.says("E0118", message, f"such as: {at.first_word} {at.previous}: [N, 4]")
    if not {"NAME", "LSQB"} <= at.expected or "INTEGER" in at.expected or "PLUS" in at.expected:
        return None
    message = f"expected a type after `{at.previous}`, found {at.found_words}"
    return at.says("E0118", message, "a shape such as [N, 4] or i64[N], or a kind such as int")


def _statement(at: Unexpected) -> Diagnostic | None:
    """Something that cannot begin a statement."""
    if not at.begins_statement or "RBRACE" not in at.expected or not at.found:
        return None
    if at.found == "else":
        return at.says("E0101", "`else` without an `if` before it")
    if at.found in RESERVED:
        return at.says("E0116", f"`{at.found}` is a reserved word and cannot be a name")
    return at.says("E0101", f"a statement cannot begin with {at.found_words}")


def _foreign_statement(at: Unexpected) -> Diagnostic | None:
    """`minimize x` outside a train block reads as two expressions side by side."""
    if at.previous != at.first_word or at.previous not in _TRAIN_WORDS or "PLUS" not in at.expected:
        return None
    span = at.source.span(at.previous_end - len(at.previous), at.previous_end)
    return Diagnostic("E0113", f"`{at.previous}` belongs in a train block", span)


def _conditional(at: Unexpected) -> Diagnostic | None:
    if "_ELSE" not in at.expected or at.found == "=":
        return None
    words = re.findall(r"\b(?:where|require|if)\b", at.statement)
    if words[-1:] != ["if"]:
        message = f'the condition needs its message: else "...", found {at.found_words}'
        return at.says("E0119", message, 'write: condition else "message"')
    message = f"`a if condition` needs `else b`, found {at.found_words}"
    return at.says("E0101", message, "in a statement, write: if condition { ... }")


def _expression(at: Unexpected) -> Diagnostic | None:
    if "INTEGER" not in at.expected or at.begins_statement:
        return None
    if at.found in RESERVED:
        return at.says("E0116", f"`{at.found}` is a reserved word and has no value")
    message = f"expected an expression after `{at.previous}`, found"
    if at.line_ended:
        span = at.source.span(at.previous_end, at.previous_end + 1)
        return Diagnostic("E0106", f"{message} the end of the line", span)
    return at.says("E0106", f"{message} {at.found_words}")


def _assignment(at: Unexpected) -> Diagnostic | None:
    if at.found != "=" or "PLUS" not in at.expected:
        return None
    if "LBRACE" in at.expected or "_ELSE" in at.expected or "RPAR" in at.expected:
        return at.says("E0101", "`=` cannot stand in an expression", "equality is written `==`")
    return at.says(
        "E0101", "only names can stand before `=`", "tensors are not changed in place; give a new name"
    )


def _block(at: Unexpected) -> Diagnostic | None:
    if "LBRACE" not in at.expected or (at.begins_statement and at.found):
        return None
    word = (
        at.first_word
        if at.first_word in _WITH_BLOCK
        else "scan"
        if "scan" in at.text[: at.start]
        else "block"
    )
    message = f"expected `{{`, found {at.found_words}: {_article(word)} `{word}` needs a block"
    return at.says("E0107", message, "its contents stand between `{` and `}`")


def _inside_brackets(at: Unexpected) -> Diagnostic | None:
    closing = {"RPAR": ")", "RSQB": "]"}.keys() & at.expected
    if not closing or "COMMA" not in at.expected:
        return None
    bracket = ")" if "RPAR" in closing else "]"
    message = f"expected `,` or `{bracket}` before {at.found_words}"
    return at.says("E0101", message, "two values side by side need a comma or an operator between them")


def _not_separated(at: Unexpected) -> Diagnostic | None:
    if "_SEP" not in at.expected or not at.found:
        return None
    message = f"{at.found_words} cannot follow `{_shorten(at.previous)}` here"
    return at.says("E0117", message, "put an operator between them, or begin a new line")


_RULES: tuple[Callable[[Unexpected], Diagnostic | None], ...] = (
    _number,
    _top_level,
    _after_block,
    _foreign_statement,
    _parameter_list,
    _statement,
    _name,
    _type,
    _assignment,
    _conditional,
    _expression,
    _inside_brackets,
    _block,
    _not_separated,
)


def _article(word: str) -> str:
    return "an" if word[0] in "aeio" or word == "fn" else "a"


def _shorten(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."
