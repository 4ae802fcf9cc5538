"""One version of a text as its names tell it: fast, and for broken texts too.

Input: a source, where it lies, the texts of other open files. Output: `Reading`. Non-goals: values and
shapes (`examination`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from treadle.errors import Diagnostic, Diagnostics
from treadle.frontend import ast
from treadle.frontend.program import Module, link_draft
from treadle.frontend.recovery import DraftReader
from treadle.frontend.symbols import Names, Program, Symbol, Table
from treadle.frontend.symbols.callees import Callee
from treadle.source import Source


@dataclass(frozen=True, eq=False)
class Reading:
    """A text with its blocks, its symbols and its mistakes of syntax.

    Attributes:
        code: the text without comments.
        path: where the text lies, None for one that was never saved.
        problems: what is wrong so far; elaboration finds more in a text without them.
    """

    source: Source
    code: str
    path: Path | None
    module: Module
    program: Program
    table: Table
    problems: tuple[Diagnostic, ...]

    @property
    def spec(self) -> ast.Spec:
        """The blocks that could be read."""
        return self.module.spec

    def scope_at(self, offset: int) -> Names:
        """The scope around an offset."""
        return self.table.scope_at(offset) or self.table.file

    def block_at(self, offset: int) -> ast.TopLevel | None:
        """The block of the file that an offset lies in."""
        return next((b for b in self.spec.blocks if b.span.start <= offset <= b.span.end), None)

    def callee(self, words: tuple[str, ...], offset: int) -> Callee | None:
        """The definition that `name(` or `alias.name(` calls at this place."""
        here = self.source.span(offset, offset)
        expr: ast.Expr = ast.Name(words[0], span=here)
        for word in words[1:]:
            expr = ast.Attribute(expr, word, span=here)
        callees = self.table.callees
        return None if callees is None else callees.find(expr, self.scope_at(offset))

    def model_of(self, block: ast.Train | ast.Generate) -> Symbol | None:
        """The model that a block uses."""
        return self.table.file.find(block.model.id)


def read(source: Source, path: Path | None, texts: Mapping[Path, str], reader: DraftReader) -> Reading:
    """Understand a text as far as possible."""
    draft = reader.read(source)
    problems = Diagnostics()
    problems.extend(draft.problems)
    module = link_draft(source, draft.spec, path, texts, problems)
    program = Program()
    table = program.table(module, draft.code)
    return Reading(source, draft.code, path, module, program, table, tuple(problems))
