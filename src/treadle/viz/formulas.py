"""Gradient rules as formulas: what the registry's rule of an op builds, written as expressions.

Input: a node. Output: lines such as `dx = g · cos(x)`. Nothing is written twice: the rule is run on operands
that have names, and the small graph that it makes is printed. Non-goals: graphs of several ops.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from treadle.autodiff.reverse import fit
from treadle.ir import Builder, Graph, Node
from treadle.ops import REGISTRY
from treadle.ops.opdef import OpDef
from treadle.types import TensorType
from treadle.viz.expression import Expressions

_RULE_OF_ITS_OWN = {
    "scan": "the loop runs once more, backwards; each step passes the gradients of what it carries on",
    "item": "the gradient goes to this one of the loop's results",
    "grad": "this gradient is replaced by the ops that compute it, which are differentiated in turn",
}
_MEANING = "g is the gradient of the loss by {}; sums undo broadcasting"
_NONE = "no gradient passes: by definition, or since the result changes in steps or is no real number"
_EXPANDED = "the op is replaced by what it is made of, and that is differentiated"
_LEAF = "gradients end here"
_RESULT = re.compile(r"(\w) = ")


@dataclass(frozen=True)
class Rule:
    """Lines of formulas, perhaps none, and a sentence about them."""

    lines: tuple[str, ...]
    note: str


def gradient_rule(node: Node) -> Rule:
    """The rule by which the gradient passes a node, for its own types and attributes."""
    op = REGISTRY[node.op]
    if node.op in _RULE_OF_ITS_OWN:
        return Rule((), _RULE_OF_ITS_OWN[node.op])
    if "leaf" in op.traits:
        return Rule((), _LEAF)
    if not node.type.dtype.is_float:
        return Rule((), _NONE)
    builder, copy = _named(op, node)
    result = _result_name(op)
    if op.vjp is not None:
        lines = _vjp_lines(op, builder, copy, result)
        return Rule(lines, _MEANING.format(result) if lines else _NONE)
    if op.decompose is not None:
        made = op.decompose(builder, *copy.inputs, **copy.attrs)
        return Rule(_lines({result: made}, {}), _EXPANDED)
    return Rule((), _NONE)


def operand_names(op: OpDef, count: int) -> list[str]:
    """Names of `count` operands; those of a variadic op are numbered."""
    fixed = [name for name in op.signature if not name.startswith("*")]
    stem = op.signature[-1].lstrip("*").removesuffix("s") if op.is_variadic else ""
    return [*fixed, *(f"{stem}{number}" for number in range(1, count - len(fixed) + 1))][:count]


def _named(op: OpDef, node: Node) -> tuple[Builder, Node]:
    """The op once more in a graph of its own, on inputs that have the operands' names and types."""
    builder = Builder(Graph("rule"))
    names = operand_names(op, len(node.inputs))
    inputs = [_input(builder, name, operand.type) for name, operand in zip(names, node.inputs, strict=True)]
    return builder, builder.adopt(node, tuple(inputs))


def _input(builder: Builder, name: str, type_: TensorType) -> Node:
    return builder.apply("input", name=name, dtype=type_.dtype, shape=type_.shape)


def _result_name(op: OpDef) -> str:
    """What the op's own formula calls its result: `y = ...` is y."""
    found = _RESULT.match(op.doc)
    return found[1] if found and found[1] not in op.signature else "result"


def _vjp_lines(op: OpDef, builder: Builder, node: Node, result: str) -> tuple[str, ...]:
    assert op.vjp is not None  # noqa: S101 - the caller has looked
    grads: Sequence[Node | None] = op.vjp(builder, node, _input(builder, "g", node.type))
    names = operand_names(op, len(node.inputs))
    wanted = {
        f"d{name}": fit(builder, grad, operand.type)
        for name, operand, grad in zip(names, node.inputs, grads, strict=True)
        if grad is not None and operand.type.dtype.is_float
    }
    return _lines(wanted, {node.id: result})


def _lines(wanted: dict[str, Node], names: dict[int, str]) -> tuple[str, ...]:
    """One line for each wanted value, after lines for what several places need."""
    expressions = Expressions(dict(names))
    lines = []
    for number, node in enumerate(_shared(list(wanted.values()), names), start=1):
        lines.append(f"t{number} = {expressions.text(node)}")
        expressions.names[node.id] = f"t{number}"
    return (*lines, *(f"{name} = {expressions.text(node)}" for name, node in wanted.items()))


def _shared(roots: list[Node], names: dict[int, str]) -> list[Node]:
    """Nodes that are no leaves and that several places of the formulas need, the first ones first."""
    readers: Counter[int] = Counter(root.id for root in roots)
    nodes: dict[int, Node] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node.id in nodes or node.id in names:
            continue
        nodes[node.id] = node
        for operand in node.inputs:
            readers[operand.id] += 1
            stack.append(operand)
    return [nodes[key] for key in sorted(nodes) if readers[key] > 1 and nodes[key].inputs]
