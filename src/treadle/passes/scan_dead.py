"""Pass: removes from scans what has no effect: unused results, idle carries, repeated and known operands.

A carry that never changes becomes a constant; a sequence or constant whose number is known moves into the
body. Input: any graph. Non-goals: moving work out of the loop (`scan_hoist`, `scan_sink`).
"""

from __future__ import annotations

from treadle.ir import Builder, Graph, Node
from treadle.passes import dce
from treadle.passes.bodies import rewrite_bodies
from treadle.passes.patterns import filled, uniform
from treadle.passes.scans import Results, Scan, ScanDraft, rewrite_scans, take_apart


def run(graph: Graph) -> Graph:
    """The graph with lean scans."""
    return rewrite_scans(dce.run(rewrite_bodies(graph, run)), _lean)


def _lean(g: Builder, node: Node, operands: tuple[Node, ...], used: set[int]) -> Results | None:
    scan = take_apart(node)
    carries, needed = _live(scan, used)
    idle = {i for i in range(len(scan.carries)) if scan.next_carries[i] is scan.carries[i]}
    if not _can_shrink(scan, operands, used, carries - idle, needed):
        return None
    return _rebuilt(g, node, operands, used, carries - idle, needed)


def _live(scan: Scan, used: set[int]) -> tuple[set[int], set[int]]:
    """The carries that some used result depends on, and the body nodes that compute them."""
    count = len(scan.carries)
    carries = {index for index in used if index < count}
    yields = [scan.yields[index - count] for index in used if index >= count]
    while True:
        needed = scan.body.ancestors([*yields, *(scan.next_carries[index] for index in carries)])
        reached = {index for index, entry in enumerate(scan.carries) if entry.id in needed} | carries
        if reached == carries:
            return carries, needed
        carries = reached


def _can_shrink(
    scan: Scan, operands: tuple[Node, ...], used: set[int], carries: set[int], needed: set[int]
) -> bool:
    yields = [scan.yields[index - len(scan.carries)] for index in used if index >= len(scan.carries)]
    inner = list(zip(scan.entries, operands, strict=True))[len(scan.carries) :]
    middle = len(scan.sequences)
    return (
        len(carries) < len(scan.carries)
        or len(set(yields)) < len(scan.yields)
        or any(entry.id not in needed or uniform(outer) is not None for entry, outer in inner)
        or any(len({o for _, o in role}) < len(role) for role in (inner[:middle], inner[middle:]))
        or (scan.index is not None and scan.index.id not in needed)
    )


def _rebuilt(
    g: Builder, node: Node, operands: tuple[Node, ...], used: set[int], carries: set[int], needed: set[int]
) -> Results:
    scan = take_apart(node)
    draft = ScanDraft(node)
    outer = dict(zip((entry.id for entry in scan.entries), operands, strict=True))
    for index, entry in enumerate(scan.carries):
        enter = draft.carry if index in carries else draft.constant
        if entry.id in needed or index in carries:
            draft.new[entry.id] = enter(outer[entry.id])
    for entry in (*scan.sequences, *scan.constants):
        if entry.id in needed:
            draft.new[entry.id] = _entry(draft, outer[entry.id], entry, entry in scan.sequences)
    if scan.index is not None and scan.index.id in needed:
        draft.new[scan.index.id] = draft.index(scan.index)
    for inner in scan.body:
        if inner.id in needed and inner.id not in draft.new:
            draft.copy(inner)
    return _results(g, draft, scan, operands, used, carries)


def _entry(draft: ScanDraft, outer: Node, entry: Node, is_sequence: bool) -> Node:
    value = uniform(outer)
    if value is not None:
        return filled(draft.builder, value, entry.type)
    return draft.sequence(outer) if is_sequence else draft.constant(outer)


def _results(
    g: Builder, draft: ScanDraft, scan: Scan, operands: tuple[Node, ...], used: set[int], carries: set[int]
) -> Results:
    places: dict[int, int] = {}
    for index in sorted(carries):
        places[index] = draft.next_carry(draft.new[scan.next_carries[index].id])
    for index in sorted(used):
        if index >= len(scan.carries):
            places[index] = draft.stack(draft.new[scan.yields[index - len(scan.carries)].id])
    new = draft.finish(g)
    results: Results = []
    for index in range(len(scan.next_carries) + len(scan.yields)):
        idle = index < len(scan.carries) and index in used and index not in carries
        results.append(operands[index] if idle else None)
        if index in places:
            results[index] = g.item(new, index=places[index])
    return results
