"""A small interpreter of TextMate grammars: enough for the one of the VS Code extension.

Knows `match` with captures, `begin` and `end` inside of one line, `include` of the repository. At each place
the pattern that begins first wins, among equals the first in order, as in editors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Rule = dict[str, Any]


class Grammar:
    """A grammar that gives scopes to lines."""

    def __init__(self, path: Path) -> None:
        """Read the file of a grammar."""
        found = json.loads(path.read_text("utf-8"))
        self._repository: dict[str, Rule] = found["repository"]
        self._rules = list(self._flat(found["patterns"]))

    def scopes(self, text: str) -> list[str]:
        """The scope of each character."""
        found: list[str] = []
        for line in text.split("\n"):
            found += [*self._line(line), ""]
        return found[:-1]

    def _flat(self, patterns: list[Rule]) -> Iterator[Rule]:
        for rule in patterns:
            if "include" in rule:
                yield from self._flat(self._repository[rule["include"].removeprefix("#")]["patterns"])
            else:
                yield rule

    def _line(self, line: str) -> list[str]:
        scopes, place = [""] * len(line), 0
        while place < len(line):
            found = [
                (m.start(), n, m) for n, rule in enumerate(self._rules) if (m := _search(rule, line, place))
            ]
            if not found:
                break
            _, number, match = min(found, key=lambda one: one[:2])
            place = max(self._apply(self._rules[number], match, line, scopes), place + 1)
        return scopes

    def _apply(self, rule: Rule, match: re.Match[str], line: str, scopes: list[str]) -> int:
        """Paint what a rule is about; where to go on."""
        end = match.end()
        if "begin" in rule:
            end = match.end()
            while not (closing := re.compile(rule["end"]).match(line, end)):
                inner = (re.compile(r["match"]).match(line, end) for r in rule["patterns"])
                end = next((m.end() for m in inner if m), end + 1)
            end = closing.end()
        for place in range(match.start(), end):
            scopes[place] = rule.get("name", scopes[place])
        for group, capture in rule.get("captures", {}).items():
            for place in range(*match.span(int(group))):
                scopes[place] = capture["name"]
        return end


def _search(rule: Rule, line: str, place: int) -> re.Match[str] | None:
    return re.compile(rule.get("match") or rule["begin"]).search(line, place)
