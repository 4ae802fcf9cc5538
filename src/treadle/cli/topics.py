"""What `treadle explain` knows: error codes, names of the library and the compiler, words of the language.

Input: what a user asks about. Output: a `Topic` or several. Non-goals: printing.
"""

import re
from dataclasses import dataclass
from typing import NoReturn

from treadle.errors import CODES, CodeInfo, did_you_mean, fail
from treadle.errors.render import explain


@dataclass(frozen=True)
class Topic:
    """A page: what it is about, and what is said, as plain text."""

    name: str
    text: str


def topic(name: str) -> Topic | None:
    """The page about an error code, a name or a word; None if there is none."""
    code = _as_code(name)
    if code in CODES:
        return Topic(code, explain(code))
    text = _page_about(name)
    return Topic(name, text) if text else None


def _as_code(name: str) -> str:
    """`e203` as the code E0203 that it means."""
    written = re.fullmatch(r"([EL])(\d{1,4})", name.upper())
    return f"{written[1]}{int(written[2]):04}" if written else name


def codes_about(word: str) -> list[CodeInfo]:
    """Error codes whose title, explanation or example has the word."""
    wanted = re.compile(rf"\b{re.escape(word)}(s|es)?\b", re.IGNORECASE)
    return [one for one in CODES.values() if wanted.search(f"{one.title}\n{one.explanation}\n{one.example}")]


def refuse(name: str) -> NoReturn:
    """Says that nothing of this name is known.

    Raises:
        TreadleError: E1008, with the nearest name.
    """
    if re.fullmatch(r"[EeLl]\d+", name):
        fail("E1008", f"there is no error code `{name}`", hint="`treadle explain` lists all codes")
    hint = did_you_mean(name, _names()) or "`treadle explain` lists all codes"
    fail("E1008", f"there is no error code, name or word `{name}`", hint=hint)


def _page_about(name: str) -> str:
    """What the library or the language says about a name, without the marks of Markdown."""
    from treadle.frontend.symbols import Program  # noqa: PLC0415 - error codes need no library
    from treadle.lsp.describe import page  # noqa: PLC0415
    from treadle.lsp.words import SETTINGS, word_help  # noqa: PLC0415

    program = Program()
    symbols = [program.outside(name), program.source_of_data(name)]
    found = [page(symbol) for symbol in symbols if symbol is not None]
    found += dict.fromkeys(text for kind in (None, *SETTINGS) if (text := word_help(name, kind)))
    return _plain("\n\n".join(found))


def _names() -> list[str]:
    from treadle.frontend.elaborate.builtins import BUILTINS  # noqa: PLC0415 - as above
    from treadle.frontend.program import library_words  # noqa: PLC0415
    from treadle.lsp.words import BLOCKS, PARTS, SETTINGS, STATEMENTS  # noqa: PLC0415
    from treadle.train.data.sources import source_names  # noqa: PLC0415

    settings = [key for table in SETTINGS.values() for key in table]
    library = [name for name in library_words() if not name.startswith("_")]
    return [*library, *BUILTINS, *source_names(), *settings, *BLOCKS, *STATEMENTS, *PARTS]


def _plain(markdown: str) -> str:
    """Markdown as text: code is indented, emphasis is not marked."""
    parts = re.split(r"^```\w*\n(.*?)\n```$", markdown, flags=re.MULTILINE | re.DOTALL)
    code = ["\n".join(f"    {line}" for line in part.split("\n")) for part in parts[1::2]]
    words = [re.sub(r"^\*(.*)\*$", r"\1", part, flags=re.MULTILINE) for part in parts[::2]]
    return "".join(one + (code[i] if i < len(code) else "") for i, one in enumerate(words)).strip("\n")
