"""Walks shared by all passes: rules applied to every node until none fits, in the bodies of scans too.

Input: a graph and rules. Output: a graph without nodes that nothing needs. Non-goals: the rules themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace

from treadle.errors import fail
from treadle.ir import Builder, Graph, Node, copy_node, rewrite
from treadle.ir.text_print import print_node, print_type
from treadle.passes import dce

Pass = Callable[[Graph], Graph]
LocalRule = Callable[[Builder, Node], Node | None]
RuleTable = Mapping[str, Sequence[LocalRule]]

_MOST_STEPS = 32  # a chain of rules that is longer goes in circles


def table(*entries: tuple[str | Iterable[str], LocalRule]) -> RuleTable:
    """Rules by the op they start from; an entry may name several ops."""
    rules: dict[str, list[LocalRule]] = {}
    for ops, rule in entries:
        for op in (ops,) if isinstance(ops, str) else ops:
            rules.setdefault(op, []).append(rule)
    return rules


def merge_tables(*tables: RuleTable) -> RuleTable:
    """Several tables as one; earlier tables' rules come first."""
    entries = [(op, rule) for rules in tables for op, found in rules.items() for rule in found]
    return table(*entries)


def apply_rules(graph: Graph, rules: RuleTable) -> Graph:
    """The graph with every node replaced by what the first fitting rule makes of it, until none fits.

    A rule gets a draft: the node with operands of the new graph, not yet part of it. It returns a node of the
    same type, or None where it does not fit.
    """

    if not _contains(graph, rules):
        return dce.run(graph)

    def simplify(builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        if node.op not in rules:
            return None
        first = draft = replace(node, inputs=inputs)
        for _ in range(_MOST_STEPS):
            simpler = _first(rules, builder, draft)
            if simpler is None:
                break
            draft = simpler
        return None if draft is first else draft

    return dce.run(rewrite_nested(graph, simplify))


def rewrite_nested(graph: Graph, rule: Callable[[Builder, Node, tuple[Node, ...]], Node | None]) -> Graph:
    """`rewrite`, in the bodies of scans too."""
    rewritten: dict[int, Graph] = {}

    def nested(builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        body = node.attrs.get("body")
        if not isinstance(body, Graph):
            return rule(builder, node, inputs)
        if id(body) not in rewritten:
            rewritten[id(body)] = rewrite(body, nested)
        return copy_node(builder, node, inputs, body=rewritten[id(body)])

    return rewrite(graph, nested)


def rewrite_bodies(graph: Graph, run: Pass) -> Graph:
    """The graph with a pass run on the body of each scan; the same graph if that changes none."""
    bodies = {node.id: run(node.attrs["body"]) for node in graph if "body" in node.attrs}
    if all(body is graph[node_id].attrs["body"] for node_id, body in bodies.items()):
        return graph

    def rule(builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        return copy_node(builder, node, inputs, body=bodies[node.id]) if node.id in bodies else None

    return rewrite(graph, rule)


def _contains(graph: Graph, ops: Container[str]) -> bool:
    """Whether one of the ops is in the graph or in the body of a scan."""
    return any(
        node.op in ops or ("body" in node.attrs and _contains(node.attrs["body"], ops)) for node in graph
    )


def _first(rules: RuleTable, builder: Builder, draft: Node) -> Node | None:
    for rule in rules.get(draft.op, ()):
        simpler = rule(builder, draft)
        if simpler is not None:
            if simpler.result != draft.result:
                name = getattr(rule, "__name__", "rule")
                message = f"{name} turns {print_node(draft)} into {print_type(simpler.result)}"
                fail("E1102", message, draft.span)
            return simpler
    return None
