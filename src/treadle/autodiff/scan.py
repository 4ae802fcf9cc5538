"""The derivative of a loop: a loop in the other direction (back-propagation through time).

Input: a `scan` node and gradients of its results. Output: gradients of its operands: results of a second scan
whose carries are the gradients of the forward carries, and the running sums of the gradients of the
constants.

What the backward body needs of the forward pass is read again where it was a sequence, taken as a constant
where it does not change from step to step, recomputed where that is free (views), and saved otherwise: the
forward scan is repeated with further yields. Both scans are then in the graph; `scan_merge` makes them one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from treadle.autodiff import scan_merge
from treadle.autodiff.backward_body import BackwardBody
from treadle.autodiff.scan_parts import CARRY_GRAD, SUM, YIELD_GRAD, ScanParts
from treadle.ir import Builder, Graph, Node
from treadle.ops.control import INDEX
from treadle.types import DimLike, DType, TensorType

PullBack = Callable[[Builder, Sequence[tuple[Node, Node]], Sequence[Node]], list[Node]]


def scan_vjp(
    g: Builder, node: Node, grads: Mapping[int, Node], wanted: Sequence[int], pull_back: PullBack
) -> list[Node | None]:
    """The gradients of the wanted operands of `node`, None for others; `grads` are those of its results."""
    parts = ScanParts(node, wanted, grads)
    joint = scan_merge.run(_joint_graph(parts, pull_back))
    backward = BackwardBody(g, parts, joint)
    saved = _save(g, parts, joint, [node for node in backward.sequences if isinstance(node, Node)])
    result = g.scan(
        *_initial_carries(g, parts),
        *(grads[parts.carries + position] for position in parts.yields),
        *(saved[feed.id] if isinstance(feed, Node) else node.inputs[feed] for feed in backward.sequences),
        *backward.constants,
        body=backward.graph,
        carries=len(parts.active_carries) + len(parts.wanted_constants),
        sequences=len(parts.yields) + len(backward.sequences),
        length=parts.length,
        reverse=not parts.reverse,
    )
    found: list[Node | None] = [None] * len(node.inputs)
    order = (*parts.active_carries, *parts.wanted_constants, *parts.wanted_sequences)
    for index, slot in enumerate(order):
        found[slot] = g.item(result, index=index)
    return found


def _initial_carries(g: Builder, parts: ScanParts) -> list[Node]:
    """Gradients of the final carries, and zeros to which the gradients of constants are added."""

    def zeros(type_: TensorType) -> Node:
        return g.constant(0.0, type_.dtype, type_.shape)

    carries = [parts.grads.get(slot) or zeros(parts.operand_type(slot)) for slot in parts.active_carries]
    return carries + [zeros(parts.operand_type(slot)) for slot in parts.wanted_constants]


def _joint_graph(parts: ScanParts, pull_back: PullBack) -> Graph:
    """The forward body and its derivative in one graph: outputs `forward:i` and `backward:i`."""
    joint, known = parts.copy_body()
    g = Builder(joint)
    outputs = [known[node.id] for node in parts.body.outputs.values()]
    inputs = [joint.inputs[name] for name in parts.names]
    seeds = [
        (outputs[slot], g.input(f"{CARRY_GRAD}{slot}", outputs[slot].type)) for slot in parts.active_carries
    ]
    for position in parts.yields:
        output = outputs[parts.carries + position]
        seeds.append((output, g.input(f"{YIELD_GRAD}{position}", output.type)))
    slots = (*parts.active_carries, *parts.wanted_constants, *parts.wanted_sequences)
    grads = dict(zip(slots, pull_back(g, seeds, [inputs[slot] for slot in slots]), strict=True))
    for slot in parts.active_carries:
        grads[slot] = _cut(g, parts, grads[slot])
    for slot in parts.wanted_constants:
        grads[slot] = g.add(g.input(f"{SUM}{slot}", inputs[slot].type), grads[slot])
    joint.outputs = {f"forward:{i}": node for i, node in enumerate(outputs)}
    joint.outputs |= {f"backward:{i}": grads[slot] for i, slot in enumerate(slots)}
    return joint


def _cut(g: Builder, parts: ScanParts, grad: Node) -> Node:
    """Zero where truncation separates a step from the one before it."""
    if parts.truncate is None:
        return grad
    step = g.input(INDEX, TensorType(DType.I64, ()))
    if parts.reverse:
        last: DimLike = parts.length - 1
        step = g.sub(g.const(value=last, dtype=DType.I64, shape=()), step)
    starts_part = g.logical_and(g.eq(g.mod(step, parts.truncate), 0), g.ne(step, 0))
    return g.where(starts_part, 0.0, grad)


def _save(g: Builder, parts: ScanParts, joint: Graph, nodes: Sequence[Node]) -> dict[int, Node]:
    """The stacked values of body nodes, by id: results of a forward scan, with further yields if needed."""
    forward = [joint.outputs[f"forward:{i}"] for i in range(parts.results)]
    places = {forward[i].id: i for i in reversed(range(parts.carries, parts.results))}
    further = [node for node in nodes if node.id not in places]
    places |= {node.id: parts.results + i for i, node in enumerate(further)}
    scan = parts.node
    if further:
        body = parts.forward_body(joint, [*forward, *further])
        scan = g.scan(*scan.inputs, **{**scan.attrs, "body": body})
    return {node.id: g.item(scan, index=places[node.id]) for node in nodes}
