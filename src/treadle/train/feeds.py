"""From a checked spec to feeds: runs the loaders of a data block and computes its columns, split by split.

Input: a checked spec, a plan, the folders of the data. Output: a `Feed` for each split, checked against the
model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from treadle.errors import fail
from treadle.frontend import ast
from treadle.frontend.elaborate.data import data_sources, elaborate_columns, has_augmentation
from treadle.frontend.result import Checked, LoaderCall, ModelGraph
from treadle.ir import Graph
from treadle.source import Span
from treadle.train.data.columns import ROWS, Augmenter, Feed, Spans, check_columns, compute_columns
from treadle.train.data.folders import Folders
from treadle.train.data.ranges import check_indices, index_limits
from treadle.train.data.request import Request
from treadle.train.data.sources import load_source
from treadle.train.data.table import TRAIN, Splits, Table
from treadle.types import TensorType, symbol


class DataUser(Protocol):
    """What reads data: a train or generate block."""

    @property
    def data(self) -> str | None: ...
    @property
    def data_arguments(self) -> Mapping[str, Any]: ...
    @property
    def eval(self) -> ModelGraph: ...
    @property
    def seed(self) -> int: ...
    @property
    def span(self) -> Span: ...


def load_feeds(checked: Checked, plan: DataUser, folders: Folders) -> dict[str, Feed]:
    """The feeds of all splits of a plan's data; none for a training without data.

    Raises:
        TreadleError: E07xx for wrong files, E0610 for missing columns, E0709 for class numbers out of range.
    """
    if plan.data is None:
        return {}
    sources = load_sources(checked, plan.data, plan.data_arguments, folders)
    return {split: _feed(checked, plan, split, sources) for split in sources}


def load_sources(
    checked: Checked, data: str, arguments: Mapping[str, Any], folders: Folders
) -> dict[str, Table]:
    """The raw tables of a data block by split.

    Raises:
        TreadleError: E07xx for wrong files, E0708 for a split that no source has.
    """
    calls = data_sources(checked, data, arguments)
    named = {target for call in calls for target in call.targets}
    tables: dict[str, Table] = {}
    for call in calls:
        splits = load_source(Request(call.name, call.args, call.kwargs, folders, call.span))
        tables |= _assigned(call, splits, named)
    if TRAIN not in tables:
        fail("E0708", f"data {data} has no `train`", checked.datas[data].span)
    return tables


def _assigned(call: LoaderCall, splits: Splits, named: set[str]) -> dict[str, Table]:
    """The splits that a source fills: its targets, and others that have no source of their own."""
    if len(call.targets) == 1 and call.targets[0] not in splits:
        return {call.targets[0]: splits[TRAIN]}
    for target in call.targets:
        if target not in splits:
            hint = f"`{call.name}` gives: {', '.join(splits)}"
            fail("E0708", f"`{call.name}` gives no `{target}`", call.span, hint=hint)
    return {name: table for name, table in splits.items() if name in call.targets or name not in named}


def _feed(checked: Checked, plan: DataUser, split: str, sources: Mapping[str, Table]) -> Feed:
    spans = _spans(checked.datas[plan.data]) if plan.data else Spans(plan.span)
    computed = compute_columns(_columns(checked, plan, split, sources), split, sources)
    sizes = check_inputs(plan.eval, computed.columns, f"`{split}` of data {plan.data}", spans)
    sizes.pop(plan.eval.batch or "", None)
    if plan.data is None or not has_augmentation(checked, plan.data, split):
        return Feed(sizes, computed)
    rows = {split: sources[split]}
    graph = _columns(checked, plan, split, rows, augment=True)
    return Feed(sizes, sources[split], Augmenter(graph, split, plan.seed))


def check_inputs(
    model: ModelGraph, columns: Mapping[str, Any], where: str, spans: Spans, *, targets: bool = True
) -> dict[str, int]:
    """Checks names, types and index ranges of columns against what a model reads; returns its symbolic sizes.

    Raises:
        TreadleError: E0610, E0703, E0704, E0709.
    """
    names = (*model.inputs, *model.targets) if targets else model.inputs
    wanted = {name: model.graph.inputs[name].type for name in names if name in model.graph.inputs}
    sizes = check_columns(columns, wanted, where, spans)
    check_indices(columns, index_limits(model.graph), where, spans)
    return sizes


def _spans(block: ast.Data) -> Spans:
    names = {
        target.id: item.span
        for item in block.items
        if isinstance(item, ast.Assign)
        for target in item.targets
    }
    return Spans(block.span, names)


def _columns(
    checked: Checked, plan: DataUser, split: str, sources: Mapping[str, Table], *, augment: bool = False
) -> Graph:
    types = {name: table.types() for name, table in sources.items()}
    types[split] = {name: _with_rows(type_) for name, type_ in types[split].items()}
    return elaborate_columns(
        checked,
        plan.data or "",
        split,
        types,
        augment=augment,
        arguments=plan.data_arguments,
        wanted=(*plan.eval.inputs, *plan.eval.targets),
    )


def _with_rows(type_: TensorType) -> TensorType:
    return type_.with_shape((symbol(ROWS), *type_.shape[1:]))
