"""Segments: which stages of a group run in the same inner loops.

Input: a group. Output: segments in order. Stages of one segment share all loops; a stage that needs a
finished reduction, or elements that another stage writes at other positions, goes to a later segment.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from treadle.loops import Index
from treadle.lower.fuse import Group
from treadle.lower.stage import Loop, Stage


@dataclass(eq=False)
class Segment:
    """Inner loops, as extents; the last `reduced` of them are reduced by stages that reduce."""

    extents: tuple[int, ...]
    reduced: int | None
    stages: list[Stage] = field(default_factory=list)


def inner_loops(group: Group, stage: Stage) -> tuple[Loop, ...]:
    """The loops of a stage inside the rows, those that it reduces last."""
    inner = group.inner(stage)
    return tuple(loop for loop in inner if not loop.reduced) + tuple(loop for loop in inner if loop.reduced)


def segments(group: Group) -> list[Segment]:
    """Puts each stage into the first segment that has its loops and comes late enough."""
    result: list[Segment] = []
    for stage in group.stages:
        earliest = _earliest(group, stage, result)
        home = next((s for s in result[earliest:] if _fits(group, stage, s)), None)
        if home is None:
            home = Segment(_extents(group, stage), None)
            result.append(home)
        home.stages.append(stage)
        if stage.reduces:
            home.reduced = _reduced_count(group, stage)
    return result


def _extents(group: Group, stage: Stage) -> tuple[int, ...]:
    return tuple(loop.extent for loop in inner_loops(group, stage))


def _reduced_count(group: Group, stage: Stage) -> int:
    return sum(loop.reduced for loop in group.inner(stage))


def _fits(group: Group, stage: Stage, segment: Segment) -> bool:
    if _extents(group, stage) != segment.extents:
        return False
    return not stage.reduces or segment.reduced in (None, _reduced_count(group, stage))


def _earliest(group: Group, stage: Stage, so_far: list[Segment]) -> int:
    """The number of the first segment in which everything that the stage reads of the group is known."""
    earliest = 0
    for number, segment in enumerate(so_far):
        for other in segment.stages:
            for read in stage.reads:
                if read.node is other.node:
                    same = not other.reduces and _same_place(group, stage, other, read.indices)
                    earliest = max(earliest, number if same else number + 1)
    return earliest


def _same_place(group: Group, stage: Stage, other: Stage, indices: tuple[Index, ...]) -> bool:
    """Whether a stage reads what the other one computes in the same iteration, if both share all loops."""
    return placed(group, stage, indices) == placed(group, other, other.position)


def placed(group: Group, stage: Stage, indices: tuple[Index, ...]) -> tuple[Index, ...]:
    """Indices in terms of rows and of inner loops by number, which stages of one segment have in common."""
    names = {loop.name: Index(0, ((f"inner{k}", 1),)) for k, loop in enumerate(inner_loops(group, stage))}
    for mine, row in group.renames[stage].items():
        if mine not in names:
            names[mine] = Index(0, ((row, 1),))
    return tuple(index.replace(names) for index in indices)


def is_row_value(group: Group, stage: Stage) -> bool:
    """Whether a stage has one value per iteration of the rows, which then needs no memory inside the
    kernel."""
    return all(loop.reduced for loop in group.inner(stage))


def crossing(group: Group, parts: list[Segment]) -> set[int]:
    """Ids of nodes with several values per row that a later segment reads."""
    home = {stage: number for number, segment in enumerate(parts) for stage in segment.stages}
    found: set[int] = set()
    for stage in group.stages:
        for read in stage.reads:
            for other in group.stages:
                if read.node is other.node and home[other] != home[stage] and not is_row_value(group, other):
                    found.add(other.node.id)
    return found
