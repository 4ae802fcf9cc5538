"""Programs: the files that a spec consists of.

Stage: before elaboration. Input: the path (or text) of a spec. Output: parsed modules, linked by `use`.
The files of the library are cut into blocks, and a block is parsed when its name is first used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path

from treadle.errors import Diagnostics, Label, TreadleError, fail
from treadle.frontend import ast
from treadle.frontend.parser import parse
from treadle.frontend.spec_files import read_spec
from treadle.source import Source, Span

Block = ast.Definition | ast.Model | ast.Adapt | ast.Const | ast.Data


@dataclass
class Module:
    """One file of a program.

    Attributes:
        blocks: what it defines, by name.
        merged: the files whose names it sees as its own.
        aliased: the files whose names it sees behind an alias.
    """

    source: Source
    spec: ast.Spec
    blocks: dict[str, Block] = field(default_factory=dict)
    merged: list[Module] = field(default_factory=list)
    aliased: dict[str, Module] = field(default_factory=dict)

    @property
    def trains(self) -> list[ast.Train]:
        """The `train` blocks, in order."""
        return [block for block in self.spec.blocks if isinstance(block, ast.Train)]

    @property
    def generates(self) -> list[ast.Generate]:
        """The `generate` blocks, in order."""
        return [block for block in self.spec.blocks if isinstance(block, ast.Generate)]

    @property
    def sweeps(self) -> list[ast.Sweep]:
        """The `sweep` blocks, in order."""
        return [block for block in self.spec.blocks if isinstance(block, ast.Sweep)]

    def find(self, name: str) -> tuple[Module, Block] | None:
        """A block visible under `name`, with the module it stands in."""
        if name in self.blocks:
            return self, self.blocks[name]
        found = [(module, module.blocks[name]) for module in self.merged if name in module.blocks]
        return found[0] if found else None

    def names(self) -> set[str]:
        """All names of blocks visible here."""
        return set(self.blocks).union(self.aliased, *(module.blocks for module in self.merged))


def load_program(path: Path) -> Module:
    """Read a spec and the files it uses.

    Raises:
        TreadleError: E1001 and E1006 when the spec cannot be read, E031x for `use`, E01xx for syntax.
    """
    if not path.exists():
        fail("E1001", f"{path} was not found")
    return _Loader(path.parent.resolve()).load(path, str(path), None)


def link(source: Source) -> Module:
    """The module of a text that uses no files (E0311 if it does)."""
    return _Loader(None).module(source, None)


def link_draft(
    source: Source, spec: ast.Spec, path: Path | None, texts: Mapping[Path, str], problems: Diagnostics
) -> Module:
    """The module of a text that is being written: what is wrong in it is left out, and goes to `problems`.

    `texts` are those of other open files, by resolved path; `path` is None for a text without a file.
    """
    loader = _Loader(None if path is None else path.parent.resolve(), texts)
    if path is not None:
        loader.active.append(path.resolve())
    module = Module(source, spec)
    for block in spec.blocks:
        try:
            loader.take(module, block, None if path is None else path.parent)
        except TreadleError as error:
            problems.extend(error.diagnostics)
    try:
        _check_merged(module)
    except TreadleError as error:
        problems.extend(error.diagnostics)
    return module


class _Loader:
    """Reads files once each, and refuses circles; `texts` go before what is on the disk."""

    def __init__(self, root: Path | None, texts: Mapping[Path, str] | None = None) -> None:
        self.root = root
        self.texts = texts or {}
        self.done: dict[Path, Module] = {}
        self.active: list[Path] = []

    def load(self, path: Path, name: str, span: Span | None) -> Module:
        resolved = path.resolve()
        if resolved in self.done:
            return self.done[resolved]
        if resolved in self.active:
            circle = " -> ".join(p.name for p in [*self.active[self.active.index(resolved) :], resolved])
            fail("E0312", f"these files use each other: {circle}", span)
        self.active.append(resolved)
        text = self.texts[resolved] if resolved in self.texts else read_spec(path, name, span)
        module = self.module(Source(name, text), path.parent)
        self.active.pop()
        self.done[resolved] = module
        return module

    def module(self, source: Source, folder: Path | None) -> Module:
        module = Module(source, parse(source))
        for block in module.spec.blocks:
            self.take(module, block, folder)
        _check_merged(module)
        return module

    def take(self, module: Module, block: ast.TopLevel, folder: Path | None) -> None:
        """Make a block known to the module."""
        if isinstance(block, ast.Use):
            self._use(module, block, folder)
        elif not isinstance(block, ast.Train | ast.Generate | ast.Sweep):
            _define(module, block)

    def _use(self, module: Module, use: ast.Use, folder: Path | None) -> None:
        if self.root is None or folder is None:
            fail("E0311", "a text without a file cannot use files", use.span)
        path = folder / use.path
        if Path(use.path).is_absolute() or not path.resolve().is_relative_to(self.root):
            fail("E0317", f'"{use.path}" is not below the folder of the spec', use.span)
        if not path.is_file() and path.resolve() not in self.texts:
            fail("E0311", f'"{use.path}" was not found beside {module.source.name}', use.span)
        name = str(Path(module.source.name).parent / use.path)
        used = self.load(path, name, use.span)
        if use.alias is None:
            module.merged.append(used)
        elif use.alias in module.aliased or use.alias in module.blocks:
            fail("E0302", f"`{use.alias}` is defined twice", use.span)
        else:
            module.aliased[use.alias] = used


def _define(module: Module, block: Block) -> None:
    if block.name in module.blocks or block.name in module.aliased:
        first = module.blocks.get(block.name)
        labels = [Label(first.span, "first defined here")] if first is not None else []
        fail("E0302", f"`{block.name}` is defined twice", block.span, labels=labels)
    module.blocks[block.name] = block


def _check_merged(module: Module) -> None:
    owners: dict[str, Module] = {}
    for used in module.merged:
        for name, block in used.blocks.items():
            other = owners.setdefault(name, used)
            if other is not used and name not in module.blocks:
                names = f"{other.source.name} and {used.source.name}"
                fail(
                    "E0313",
                    f"`{name}` is defined in {names}",
                    block.span,
                    hint="give one of them an alias: `as`",
                )


_HEADER = re.compile(r"^(layer|fn|optimizer|schedule|init|const|model)\s+(\w+)", re.MULTILINE)


@dataclass(frozen=True)
class _Place:
    """Where a block of the library stands."""

    source: Source
    start: int
    end: int
    word: str


@cache
def _library_index() -> dict[str, _Place]:
    index: dict[str, _Place] = {}
    for file in sorted(resources.files("treadle").joinpath("stdlib").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".tdl"):
            source = Source(f"stdlib/{file.name}", file.read_text(encoding="utf-8"))
            headers = list(_HEADER.finditer(source.text))
            ends = [header.start() for header in headers[1:]] + [len(source.text)]
            for header, end in zip(headers, ends, strict=True):
                index[header.group(2)] = _Place(source, header.start(), end, header.group(1))
    return index


def library_source(name: str) -> Source | None:
    """The whole file of the library that defines `name`, with its comments."""
    place = _library_index().get(name)
    return None if place is None else place.source


def library_words() -> dict[str, str]:
    """The names that the library defines, with the keyword of each: `layer`, `fn`; nothing is parsed."""
    return {name: place.word for name, place in _library_index().items()}


def library_names() -> set[str]:
    """The names that the library defines."""
    return set(_library_index())


@cache
def library_block(name: str) -> Block | None:
    """The block of the library called `name`, parsed alone; its lines are numbered as in the whole file."""
    place = _library_index().get(name)
    if place is None:
        return None
    text = place.source.text
    before = re.sub(r"[^\n]", " ", text[: place.start])
    spec = parse(Source(place.source.name, before + text[place.start : place.end]))
    return next(block for block in spec.blocks if isinstance(block, ast.Definition | ast.Const | ast.Model))
