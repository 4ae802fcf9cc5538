"""Completions: what can be written at a place.

Input: a `Reading` and an offset. Output: items. Which ones depends on what is open there (`context`):
keywords and settings where a statement begins, parameters inside of a call, names elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types as lsp

from treadle.frontend import ast
from treadle.frontend.elaborate.data import SOURCES, SPLITS
from treadle.frontend.placement import words_of
from treadle.frontend.symbols import Kind, Symbol
from treadle.lsp import items
from treadle.lsp.calls import signature_of
from treadle.lsp.context import Context, context_at
from treadle.lsp.reading import Reading
from treadle.lsp.words import BLOCKS, DTYPES, KINDS, PARTS, SETTINGS, STATEMENTS

_BLOCK_NODES: dict[str, type[ast.Node]] = {
    "model": ast.Model, "layer": ast.Layer, "fn": ast.Fn, "optimizer": ast.Optimizer,
    "schedule": ast.Schedule, "init": ast.Init, "data": ast.Data, "train": ast.Train, "phase": ast.Train,
    "generate": ast.Generate, "sweep": ast.Sweep, "adapt": ast.Adapt, "scan": ast.Scan,
    "augment": ast.Augment,
}  # fmt: skip
_RULES = "stdlib/regularise.tdl"  # where the library keeps what these settings take
_RULE_SETTINGS = ("decay", "clip", "constrain")
_WANTED_BY_SETTING: dict[str, tuple[Kind, ...]] = {
    "optimizer": ("optimizer",),
    "decay": ("function",),
    "clip": ("function",),
    "constrain": ("function",),
    "filter": ("function",),
}
_VALUES_OF_SETTING = {
    "precision": ("f32", "bf16", "f16"),
    "shuffle": ("true", "false"),
    "stop when": ("no_improvement",),
}
_TENSOR_WORDS = {
    "shape": "the sizes of all axes, a list",
    "rank": "the number of axes",
    "size": "the number of elements",
    "dtype": "the element type",
    "T": "the last two axes exchanged",
}
_GROUPS = ("weights", "biases", "parameters")


def complete(reading: Reading, offset: int) -> list[lsp.CompletionItem]:
    """All that can stand at an offset."""
    context = context_at(reading.source.text, offset)
    if context.in_comment:
        return []
    if context.in_string is not None:
        return list(items.files(context, reading))
    return list(_Completion(reading, context).all())


class _Completion:
    def __init__(self, reading: Reading, context: Context) -> None:
        self._reading = reading
        self._context = context
        self._scope = reading.scope_at(context.start)

    def all(self) -> Iterator[lsp.CompletionItem]:
        """What fits what stands before the place."""
        context = self._context
        statement, call = context.statement, context.call
        if context.before == ".":
            yield from self._members()
        elif not context.blocks and not context.calls and not statement:
            yield from (items.block(word) for word in BLOCKS)
        elif _is_type(context):
            yield from (
                items.word(word, text, lsp.CompletionItemKind.Keyword) for word, text in _TYPES.items()
            )
        elif call is not None and context.before in ("", ","):
            yield from self._splits() if call.callee == ("no_improvement",) else ()
            yield from self._parameters()
            yield from self._names(())
        elif not statement and not context.calls:
            yield from self._starters()
        else:
            yield from self._inside(statement)

    def _settings(self) -> Iterator[lsp.CompletionItem]:
        for word, text in SETTINGS.get(self._context.block or "", {}).items():
            yield items.word(word, text, lsp.CompletionItemKind.Property, rank="0")

    def _starters(self) -> Iterator[lsp.CompletionItem]:
        """Words and names that begin a statement."""
        block = self._context.block or ""
        for word in words_of(_BLOCK_NODES[block]) if block in _BLOCK_NODES else ():
            if word in STATEMENTS or word in BLOCKS:
                yield items.word(
                    word, STATEMENTS.get(word) or BLOCKS[word], lsp.CompletionItemKind.Keyword, rank="1"
                )
        yield from self._settings()
        if block == "sweep":
            yield from self._varied()
        elif block not in ("adapt", "generate"):
            yield from self._names(())

    def _varied(self) -> Iterator[lsp.CompletionItem]:
        for symbol in self._reading.table.top.values():
            params = getattr(symbol.node, "params", ()) if symbol.kind in ("model", "data") else ()
            yield from (
                items.word(p.name, f"of `{symbol.name}`", lsp.CompletionItemKind.Variable) for p in params
            )

    def _inside(self, statement: tuple[str, ...]) -> Iterator[lsp.CompletionItem]:
        """What goes on a statement that has begun."""
        first, before, block = statement[0] if statement else "", self._context.before, self._context.block
        setting = _setting_of(statement, block)
        if not self._context.blocks and first in ("train", "generate", "adapt", "sweep"):
            yield from self._header(statement)
        elif before in ("over", "into"):
            yield from (items.outer(name, "builtin", "0") for name in _GROUPS)
            yield from self._names(())
        elif setting is not None and not setting.endswith(before) and _ends_value(before):
            yield from self._settings()  # the next one on the line
            yield items.word("over", PARTS["over"], _KEYWORD, rank="0")
        elif setting in ("keep best", "best"):
            yield from self._splits()
        elif setting in _VALUES_OF_SETTING:
            words = _VALUES_OF_SETTING[setting]
            yield from (items.word(word, "", lsp.CompletionItemKind.Value, rank="0") for word in words)
        elif block == "data" and before == "=" and first in SPLITS:
            yield from (items.outer(name, "source", "0") for name in SOURCES)
        else:
            file = _RULES if setting in _RULE_SETTINGS else None
            yield from self._names(self._wanted(setting, first, before), file)

    def _wanted(self, setting: str | None, first: str, before: str) -> tuple[Kind, ...]:
        """The kinds that fit best here."""
        if setting in _WANTED_BY_SETTING:
            return _WANTED_BY_SETTING[setting]
        if first == "minimize" and before == "with":
            return ("optimizer",)
        if first == "param" and before == "=":
            return ("initialiser",)
        return ("layer", "function", "builtin") if before == "|>" else ()

    def _header(self, statement: tuple[str, ...]) -> Iterator[lsp.CompletionItem]:
        """`train MODEL on DATA as name`."""
        if len(statement) == 1:
            trainings = self._reading.table.trainings.values() if statement[0] == "sweep" else ()
            wanted = [symbol for symbol in self._top() if symbol.kind == "model"]
            yield from (items.named(symbol, "0") for symbol in [*trainings, *wanted])
        elif statement[-1] == "on":
            yield from (items.named(symbol, "0") for symbol in self._top() if symbol.kind == "data")
        else:
            yield from (items.word(w, PARTS[w], lsp.CompletionItemKind.Keyword) for w in ("on", "as"))

    def _parameters(self) -> Iterator[lsp.CompletionItem]:
        """Arguments by name, with their defaults."""
        call = self._context.call
        found = (
            None if call is None else signature_of(call, self._reading, in_data=self._context.block == "data")
        )
        if found is None or call is None:
            return
        for param in found.params[found.first + call.index - len(call.names) :]:
            if param.name not in call.names and not param.text.startswith("*"):
                yield lsp.CompletionItem(
                    label=f"{param.name} =",
                    kind=lsp.CompletionItemKind.Field,
                    detail=param.text,
                    insert_text=f"{param.name} = ",
                    filter_text=param.name,
                    sort_text=f"0{param.name}",
                )

    def _members(self) -> Iterator[lsp.CompletionItem]:
        """What can stand after `name.`."""
        words = self._context.statement
        owner = words[-2] if len(words) >= 2 else ""
        used = self._reading.module.aliased.get(owner)
        if used is not None:
            table = self._reading.program.table(used)
            yield from (items.named(symbol, "0") for symbol in table.top.values())
        elif owner in SPLITS:
            yield from self._metrics() if self._context.block != "data" else ()
        else:
            for word, text in _TENSOR_WORDS.items():
                yield items.word(word, text, lsp.CompletionItemKind.Property, rank="1")
            yield from self._leaves(owner)

    def _leaves(self, owner: str) -> Iterator[lsp.CompletionItem]:
        """Settings and weights of a layer that is bound to a name."""
        callee = self._reading.callee((owner,), self._context.start) if owner else None
        node = callee[0].node if callee is not None and callee[1] == "second" else None
        if isinstance(node, ast.Definition):
            weights = (leaf for leaf in ast.walk(node) if isinstance(leaf, ast.Param))
            params: list[ast.Parameter | ast.Param] = [*node.config, *weights]
            for param in params:
                yield items.word(param.name, param.span.text, lsp.CompletionItemKind.Property, rank="0")

    def _splits(self) -> Iterator[lsp.CompletionItem]:
        yield from (
            items.word(f"{split}.", "", lsp.CompletionItemKind.Variable, rank="0") for split in SPLITS
        )

    def _metrics(self) -> Iterator[lsp.CompletionItem]:
        block = self._reading.block_at(self._context.start)
        used = self._reading.table.trainings.get(block.train.id) if isinstance(block, ast.Sweep) else None
        train = used.node if used is not None else block
        model = self._reading.model_of(train) if isinstance(train, ast.Train | ast.Generate) else None
        yield items.word("loss", "the objective", lsp.CompletionItemKind.Property, rank="0")
        body = model.node.body if model is not None and isinstance(model.node, ast.Model) else ()
        for end in body:
            if isinstance(end, ast.Metric | ast.Loss) and (name := end.name or _end_name(end.value)):
                yield items.word(name, end.span.text, lsp.CompletionItemKind.Property, rank="0")

    # ---- names

    def _names(self, wanted: tuple[Kind, ...], file: str | None = None) -> Iterator[lsp.CompletionItem]:
        """All names in scope: those of wanted kinds (and this file of the library) before the others."""
        for symbol in self._scope.all_local().values():
            if any(span.start < self._context.start for span in symbol.writes):
                yield items.named(symbol, "0" if symbol.kind in wanted else "1")
        hidden = set(self._scope.all_local())
        for symbol in self._top():
            hidden.add(symbol.name)
            yield items.named(symbol, "0" if symbol.kind in wanted else "2")
        for name, kind in items.outside().items():
            if name not in hidden:
                best = kind in wanted[:1] and (file is None or items.file_of(name) == file)
                yield items.outer(name, kind, "0" if best else "1" if kind in wanted else "3")
        for word in ("scan", "fn", "if", "else", "not", "and", "or", "true", "false"):
            yield items.word(
                word, PARTS.get(word) or STATEMENTS.get(word) or BLOCKS[word], _KEYWORD, rank="4"
            )

    def _top(self) -> Iterator[Symbol]:
        names = self._reading.module.names() | set(self._reading.table.top)
        for name in sorted(names):
            symbol = self._reading.table.file.find(name)
            if symbol is not None:
                yield symbol


_KEYWORD = lsp.CompletionItemKind.Keyword
_TYPES = {**KINDS, **DTYPES}


def _is_type(context: Context) -> bool:
    """Whether a type is expected: after the colon of a declaration, or `->`."""
    if context.before == "->":
        return True
    return context.before == ":" and (not context.calls or context.calls[-1] is not None)


def _setting_of(statement: tuple[str, ...], block: str | None) -> str | None:
    """The setting whose value is being written; several may stand on a line."""
    words = SETTINGS.get(block or "", {})
    for at in range(len(statement) - 1, -1, -1):
        pair = " ".join(statement[at : at + 2])
        if pair in words or statement[at] in words:
            return pair if pair in words else statement[at]
    return None


def _ends_value(piece: str) -> bool:
    """Whether a value may end with this piece of text."""
    return piece[:1].isalnum() or piece[:1] in '_"' or piece in ("()", "[]")


def _end_name(expr: ast.Expr) -> str | None:
    """The name of a metric that has none of its own."""
    while isinstance(expr, ast.Call | ast.Pipe):
        expr = expr.callee if isinstance(expr, ast.Call) else expr.target
    return expr.id if isinstance(expr, ast.Name) else None
