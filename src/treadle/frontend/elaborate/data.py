"""Elaborating a data block: where its splits come from, and a graph from their columns to model inputs.

`train = idx(...)` names a source; `image = cast(train.images, f32) / 255` defines a column for every split,
with the word `train` standing for the split at hand; `augment(train) { ... }` changes columns each time
examples are drawn. Non-goals: reading files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from treadle.errors import Diagnostic, TreadleError, did_you_mean, fail
from treadle.frontend import ast
from treadle.frontend.elaborate import convert, statements
from treadle.frontend.elaborate.arguments import Arguments, Given, bind, bind_parameters, slots_of
from treadle.frontend.elaborate.budget import deep_stack
from treadle.frontend.elaborate.elaborator import Elaborator
from treadle.frontend.elaborate.loops import elements
from treadle.frontend.elaborate.modules import Modules
from treadle.frontend.elaborate.scope import Scope, names_of
from treadle.frontend.elaborate.values import (
    ERROR,
    NONE,
    Namespace,
    Silenced,
    Tensor,
    Value,
    describe,
    is_number,
)
from treadle.frontend.result import Checked, LoaderCall
from treadle.ir import Graph
from treadle.source import Span
from treadle.types import TensorType

SPLITS = ("train", "validation", "test")
SOURCES = (  # what a split can be read from; the readers are in train/data
    "sklearn",
    "idx",
    "npz",
    "csv",
    "chars",
    "words",
    "series",
    "sentences",
    "pairs",
    "skipgrams",
    "word_windows",
    "cooccurrences",
    "dates",
    "digit_strings",
    "captions",
    "spoken",
    "gaussians",
    "circles",
    "moons",
    "xor",
    "shapes",
    "graph",
    "molecules",
    "table",
)


def check_data(checked: Checked, data: str, arguments: Mapping[str, Any] | None = None) -> list[Diagnostic]:
    """What can be found wrong in a data block without reading its files.

    The columns of the files are not known: what is computed from them is not checked further.
    """
    block = checked.datas[data]
    try:
        el, scope = _start(checked, block, arguments)
        data_sources(checked, data, arguments)
    except TreadleError as error:
        return error.diagnostics
    for item in block.items:
        for name in names_of(item.targets) if isinstance(item, ast.Assign) and is_source(item) else ():
            scope.bind(name, Namespace(name, None, "split"))
    scope.bind("train", Namespace("train", None, "split"))
    columns = _Columns(el, scope, None)
    columns.run([item for item in block.items if not isinstance(item, ast.Setting | ast.Augment)])
    for item in block.items:
        if isinstance(item, ast.Augment):
            columns.run(item.body)
    return list(el.diagnostics)


def data_sources(checked: Checked, data: str, arguments: Mapping[str, Any] | None = None) -> list[LoaderCall]:
    """The sources of a data block, in order, with the arguments of their loaders as Python values.

    Raises:
        TreadleError: E0403 and others for arguments that are no plain values.
    """
    block = checked.datas[data]
    el, scope = _start(checked, block, arguments)
    with deep_stack():
        return [_loader_call(el, item, scope) for item in _common(el, block, scope) if is_source(item)]


def data_settings(checked: Checked, data: str) -> dict[str, Any]:
    """The settings of a data block, such as `shuffle false`, by word."""
    block = checked.datas[data]
    el, scope = _start(checked, block, None)
    found: dict[str, Any] = {}
    with deep_stack():
        for item in block.items:
            if isinstance(item, ast.Setting):
                values = [_plain(el.evaluate(value, scope), value.span) for value in item.values]
                found[item.word] = values[0] if len(values) == 1 else values
    return found


def elaborate_columns(
    checked: Checked,
    data: str,
    split: str,
    sources: Mapping[str, Mapping[str, TensorType]],
    *,
    augment: bool = False,
    arguments: Mapping[str, Any] | None = None,
    wanted: Collection[str] | None = None,
) -> Graph:
    """The graph from the raw columns of a split to the columns that models read.

    Input: for each source the types of its columns. Output: a graph with inputs such as `train.images` and
    one output per column: those that the block defines, and the raw ones of the split that it does not
    redefine; only `wanted` ones.

    Raises:
        TreadleError: with everything that is wrong in the block.
    """
    block = checked.datas[data]
    el, scope = _start(checked, block, arguments)
    members = {name: _raw(el, name, columns) for name, columns in sources.items()}
    current = members.get(split, {})
    for name, columns in members.items():
        scope.bind(name, Namespace(name, columns, "split"))
    scope.bind("train", Namespace(split, current, "split"))
    defined = _Columns(el, scope, wanted)
    with deep_stack():
        try:
            defined.run([item for item in block.items if not isinstance(item, ast.Setting | ast.Augment)])
            if augment:
                for item in block.items:
                    if isinstance(item, ast.Augment) and item.split.id == split:
                        defined.run(item.body)
        except TreadleError as error:
            el.report(error)
    el.diagnostics.raise_if_errors()
    return defined.finish(current)


def has_augmentation(checked: Checked, data: str, split: str) -> bool:
    """Whether examples of a split are changed each time they are drawn."""
    items = checked.datas[data].items
    return any(isinstance(item, ast.Augment) and item.split.id == split for item in items)


class _Columns:
    """Runs the statements of a data block and keeps what they define."""

    def __init__(self, el: Elaborator, scope: Scope, wanted: Collection[str] | None) -> None:
        self.el = el
        self.scope = scope
        self.wanted = wanted
        self.names: dict[str, Span] = {}

    def run(self, items: Collection[ast.BlockItem]) -> None:
        """Run statements other than sources."""
        for item in items:
            if is_source(item):
                continue
            try:
                statements.run(self.el, item, self.scope)
            except Silenced:
                for name in statements.bound_names(item):
                    self.scope.bind(name, ERROR)
                continue
            for name in statements.bound_names(item):
                self.names[name] = item.span

    def finish(self, raw: Mapping[str, Tensor]) -> Graph:
        """The graph with its outputs."""
        graph = self.el.root.graph
        columns: dict[str, Value] = {**raw, **{name: self.scope.find(name) for name in self.names}}
        for name, value in columns.items():
            if value is ERROR or (self.wanted is not None and name not in self.wanted):
                continue
            if isinstance(value, Tensor):
                graph.outputs[name] = value.node
            elif name in self.names and self.wanted is not None:
                graph.outputs[name] = convert.to_tensor(self.el, value, self.names[name]).node
        return graph


def is_source(item: ast.Node) -> bool:
    """Whether a statement of a data block names the source of splits."""
    return isinstance(item, ast.Assign) and all(name in SPLITS for name in names_of(item.targets))


def _start(
    checked: Checked, block: ast.Data, arguments: Mapping[str, Any] | None
) -> tuple[Elaborator, Scope]:
    el = Elaborator(block.name, training=False)
    owner = checked.module.find(block.name)
    scope = Scope(Modules(el).scope_of(owner[0] if owner else checked.module))
    given = Arguments([], {name: Given(value, block.span) for name, value in (arguments or {}).items()})
    bound = bind(block.name, slots_of(block.params), given, block.span)
    bind_parameters(el, block.params, bound, scope, f"`{block.name}`", block.span)
    return el, scope


def _common(el: Elaborator, block: ast.Data, scope: Scope) -> Iterator[ast.Assign]:
    """The assignments of a block, with its constants bound on the way."""
    for item in block.items:
        if isinstance(item, ast.Const):
            scope.bind(item.name, el.evaluate(item.value, scope))
        elif isinstance(item, ast.Assign):
            yield item


def _loader_call(el: Elaborator, item: ast.Assign, scope: Scope) -> LoaderCall:
    call = item.value
    if not isinstance(call, ast.Call) or not isinstance(call.callee, ast.Name):
        hint = 'name a loader: `train = csv("table.csv")`'
        fail("E0705", "this is no data source", call.span, hint=hint)
    args, kwargs = [], {}
    for arg in call.args:
        value = _plain(el.evaluate(arg.value, scope), arg.span)
        if arg.name is None:
            args.append(value)
        else:
            kwargs[arg.name] = value
    if call.callee.id not in SOURCES:
        hint = did_you_mean(call.callee.id, SOURCES) or f"sources are: {', '.join(SOURCES)}"
        fail("E0705", f"unknown data source `{call.callee.id}`", call.span, hint=hint)
    targets = tuple(names_of(item.targets))
    return LoaderCall(targets, call.callee.id, tuple(args), kwargs, call.span)


def _plain(value: Value, span: Span) -> Any:
    """A compile-time value as Python's own: numbers, booleans, strings, lists and None."""
    if value is NONE:
        return None
    if isinstance(value, list | range | tuple):
        return [_plain(item, span) for item in elements(value, span)]
    if is_number(value) or isinstance(value, bool | str):
        return value
    fail("E0314", f"a loader takes plain values, not {describe(value)}", span)


def _raw(el: Elaborator, source: str, columns: Mapping[str, TensorType]) -> dict[str, Tensor]:
    make = el.root.builder.input
    return {name: el.root.tensor(make(f"{source}.{name}", type_)) for name, type_ in columns.items()}
