"""Fusion: stages that share their outer loops become one kernel.

Input: stages in topological order. Output: groups, each of which becomes one kernel. A group has `rows`,
the loops that all its stages share; the remaining loops of each stage run inside. Elementwise stages share
all loops; a softmax shares the loop over rows: one kernel finds the maximum of the row, then the sum, then
writes.

A stage may join a group if it reads the group's results only in the row at hand (or, when it reads none,
the same elements of some other tensor), and if nothing outside the group lies between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import prod

from treadle.loops import Index
from treadle.loops.index import number
from treadle.lower.stage import Loop, Read, Stage
from treadle.lower.target import Target

MOST_BUFFERS = 28
SMALL = 4096  # iterations that one thread does anyway, whatever the loops look like
FEWEST_ROWS = 4


@dataclass(eq=False)
class Group:
    """Stages of one kernel. `rows` are loops of the first stage; `renames` map loops of others to them."""

    rows: tuple[Loop, ...]
    stages: list[Stage] = field(default_factory=list)
    renames: dict[Stage, dict[str, str]] = field(default_factory=dict)

    @property
    def nodes(self) -> set[int]:
        return {stage.node.id for stage in self.stages}

    def inner(self, stage: Stage) -> tuple[Loop, ...]:
        """The loops of a stage inside the shared ones."""
        rows = {loop.name for loop in self.rows}
        return tuple(loop for loop in stage.loops if self.renames[stage].get(loop.name) not in rows)

    def reads(self) -> set[int]:
        """Ids of nodes of other groups that this one reads."""
        return {read.node.id for stage in self.stages for read in stage.reads} - self.nodes


Matching = dict[str, str]  # loop of the group -> loop of the stage
_Link = tuple[tuple[Index, ...], Mapping[str, str], tuple[Index, ...]]


def match(group: Group, stage: Stage) -> Matching | None:
    """Which loops of a group are which loops of a stage, judged by what the stage reads of the group.

    Stages that read nothing of it are matched by a tensor that both read.
    """
    links: list[_Link] = [
        (s.position, group.renames[s], r.indices)
        for r in stage.reads
        for s in group.stages
        if s.node is r.node
    ]
    if not links:
        links = _shared_reads(group, stage)
    if not links:
        return None
    loops = {loop.name: loop for loop in stage.loops}
    found: Matching | None = None
    for theirs, rename, ours in links:
        one = _match_indices(theirs, rename, ours)
        found = one if found is None else {a: b for a, b in found.items() if one.get(a) == b}
    extents = {loop.name: loop.extent for loop in group.rows}
    return {a: b for a, b in (found or {}).items() if b in loops and extents.get(a) == loops[b].extent}


def _shared_reads(group: Group, stage: Stage) -> list[_Link]:
    """The first tensor, with more than one element at stake, that both read."""
    for read in stage.reads:
        for other in group.stages:
            for theirs in other.reads:
                if theirs.node is read.node and any(index.terms for index in read.indices):
                    return [(theirs.indices, group.renames[other], read.indices)]
    return []


def _match_indices(theirs: Iterable[Index], rename: Mapping[str, str], ours: Iterable[Index]) -> Matching:
    """Pairs loops that occur with the same factor in the index of the same axis."""
    pairs: Matching = {}
    for their, our in zip(theirs, ours, strict=True):
        if their.offset != our.offset:
            continue
        factors = {number(factor): name for name, factor in our.terms}
        for name, factor in their.terms:
            if number(factor) in factors:
                pairs[rename.get(name, name)] = factors[number(factor)]
    return pairs


def join(group: Group, stage: Stage, target: Target) -> bool:
    """Lets a stage join a group if both can share enough loops; returns whether it did."""
    matching = match(group, stage)
    if matching is None or _buffers(group, stage) > MOST_BUFFERS:
        return False
    reduced = {loop.name for loop in stage.loops if loop.reduced}
    matching = {a: b for a, b in matching.items() if b not in reduced}
    rows = tuple(loop for loop in group.rows if loop.name in matching)
    rename = {b: a for a, b in matching.items()}
    trial = Group(rows, [*group.stages, stage], {**group.renames, stage: rename})
    good = _is_good(trial, group) or (target.lanes and _follows_rows(trial, group))
    if not good or (target.lanes and _hides_rows(trial)):
        return False
    group.rows, group.stages, group.renames = trial.rows, trial.stages, trial.renames
    return True


def _is_good(trial: Group, before: Group) -> bool:
    """Whether sharing these rows leaves enough of them and keeps the fastest axis of each stage innermost."""
    stage = trial.stages[-1]
    if len(trial.rows) == len(before.rows) and not trial.inner(stage) and not _has_inner(before):
        return True
    if not depends(before, stage) and not (stage.reduces and before.stages[-1].reduces):
        return False
    keeps_rows = bool(trial.rows) or not before.rows
    is_small = max(s.iterations for s in trial.stages) <= SMALL
    if keeps_rows and is_small and (stage.reduces or not stage.loops):
        return True
    if prod(loop.extent for loop in trial.rows) < FEWEST_ROWS:
        return False
    return all(_fastest_is_inner(trial, s) for s in trial.stages)


def _follows_rows(trial: Group, before: Group) -> bool:
    """Whether a stage does something with what each row has found, and leaves the rows as they are."""
    stage = trial.stages[-1]
    return len(trial.rows) == len(before.rows) and not trial.inner(stage) and depends(before, stage)


def _hides_rows(group: Group) -> bool:
    """Whether a reduction has rows of its own inside the group's: lanes would run each of them alone."""
    return any(
        stage.reduces and any(not loop.reduced for loop in group.inner(stage)) for stage in group.stages
    )


def _has_inner(group: Group) -> bool:
    return any(group.inner(stage) for stage in group.stages)


def _fastest_is_inner(group: Group, stage: Stage) -> bool:
    inner = group.inner(stage)
    return not inner or inner[-1] is stage.loops[-1]


def depends(group: Group, stage: Stage) -> bool:
    """Whether a stage reads a result of a group."""
    return any(read.node.id in group.nodes for read in stage.reads)


def _buffers(group: Group, stage: Stage) -> int:
    reads = {read.node.id for s in (*group.stages, stage) for read in s.reads}
    return len(reads | group.nodes) + 1


def fresh_group(stage: Stage) -> Group:
    """A group of one stage, which shares all loops that it does not reduce."""
    group = Group(stage.kept)
    group.stages.append(stage)
    group.renames[stage] = {loop.name: loop.name for loop in stage.kept}
    return group


def reads_of(stages: Iterable[Stage]) -> list[Read]:
    """All reads of stages."""
    return [read for stage in stages for read in stage.reads]
