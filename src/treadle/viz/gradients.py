"""Graphs that hold the gradients of a loss, and the part of the program that each node belongs to.

Input: a model's graph. Output: a graph without `grad` nodes, with a result `grad:NAME`, `second:NAME` or
`hessian:NAME` for each parameter. Non-goals: optimizer updates.
"""

from __future__ import annotations

from treadle.driver import differentiate
from treadle.errors import fail
from treadle.ir import Builder, Graph, Node, rewrite
from treadle.viz.kinds import constants, end_part
from treadle.viz.scene import Part

_MARKS = {"inner", "around"}
NORM_NOTE = "gradient of half the squared length of the gradient: the Hessian times the gradient"
INNER_NOTE = "the loss holds a gradient; this is the gradient of that loss"


def with_gradients(graph: Graph) -> Graph:
    """The graph with a result `grad:NAME` for each parameter that the loss depends on.

    Raises:
        TreadleError: E1005 when the graph has no loss.
    """
    grown = _copy(graph)
    _add_gradients(grown, grown.outputs["loss"], "grad")
    result = differentiate(grown)
    _drop_zeros(result)
    return result


def with_second(graph: Graph) -> tuple[Graph, dict[int, Part], str]:
    """The graph with gradients of something that holds a gradient, and what that is.

    It is the loss where that holds a gradient already, such as a gradient penalty; the results are then
    `second:NAME`. Otherwise it is half the squared length of the gradient, a result `norm`, and the results
    are `hessian:NAME`.

    Raises:
        TreadleError: E1005 when the graph has no loss.
    """
    grown = _copy(graph)
    is_inner = holds_gradient(grown)
    if is_inner:
        _mark_inner(grown)
        target = grown.outputs["loss"]
    else:
        target = grown.outputs["norm"] = _half_square(grown)
    _add_gradients(grown, target, "second" if is_inner else "hessian")
    result = differentiate(grown)
    _drop_zeros(result)
    parts = parts_of(result)
    for name in [name for name in result.outputs if _role(name) in _MARKS]:
        del result.outputs[name]
    return result, parts, INNER_NOTE if is_inner else NORM_NOTE


def holds_gradient(graph: Graph) -> bool:
    """Whether the loss of a graph depends on a gradient."""
    loss = graph.outputs.get("loss")
    return loss is not None and any(graph[i].op == "grad" for i in graph.ancestors([loss]))


def parts_of(graph: Graph) -> dict[int, Part]:
    """The parts of the nodes that only gradients need; the others are forward.

    What is below an inner gradient is its own, unless what it is a gradient of needs it too.
    """
    marked = {role: _ends(graph, role) for role in ("inner", "around")}
    inner = graph.ancestors(marked["inner"])
    found = dict.fromkeys(inner - graph.ancestors(marked["around"]), Part.BACKWARD)
    seen = inner | graph.ancestors(n for name, n in graph.outputs.items() if end_part(name) is Part.FORWARD)
    for part in (Part.BACKWARD, Part.SECOND):
        wanted = graph.ancestors(node for name, node in graph.outputs.items() if end_part(name) is part)
        found |= dict.fromkeys(wanted - seen, part)
        seen |= wanted
    return found


def _ends(graph: Graph, role: str) -> list[Node]:
    return [node for name, node in graph.outputs.items() if _role(name) == role]


def _role(name: str) -> str:
    return name.partition(":")[0]


def _copy(graph: Graph) -> Graph:
    """The graph without updates, to be grown."""
    if "loss" not in graph.outputs:
        hint = "the objective of a training phase is drawn with `--phase NAME`"
        fail("E1005", f"{graph.name} has no loss, so there is no backward graph", hint=hint)
    kept = list(graph.outputs.values())
    copy = rewrite(graph, lambda _builder, _node, _inputs: None, keep=kept)
    copy.updates.clear()
    return copy


def _add_gradients(graph: Graph, target: Node, role: str) -> None:
    builder = Builder(graph)
    needed = graph.ancestors([target])
    for name, param in graph.params.items():
        if param.id in needed:
            with builder.at(param.span, param.scope):
                graph.outputs[f"{role}:{name}"] = builder.grad(target, param)


def _half_square(graph: Graph) -> Node:
    """Half the sum of the squares of all derivatives of the loss by parameters."""
    builder = Builder(graph)
    loss = graph.outputs["loss"]
    needed = graph.ancestors([loss])
    total = builder.constant(0.0, loss.type.dtype)
    for param in graph.params.values():
        if param.id in needed:
            with builder.at(param.span, param.scope):
                slope = builder.grad(loss, param)
                square = builder.sum(builder.mul(slope, slope), axes=tuple(range(param.type.rank)))
            total = builder.add(total, square)
    return builder.mul(total, 0.5)


def _mark_inner(graph: Graph) -> None:
    """Names the gradients in the loss, and what they are taken of, so that both are found again."""
    needed = graph.ancestors([graph.outputs["loss"]])
    for node in [node for node in graph if node.op == "grad" and node.id in needed]:
        graph.outputs[f"inner:{node.id}"] = node
        graph.outputs[f"around:{node.id}"] = node.inputs[0]


def _drop_zeros(graph: Graph) -> None:
    """Forgets gradients that are known to be zero: of parameters behind a `stop_grad`."""
    fixed = constants(graph)
    for name, node in list(graph.outputs.items()):
        if _role(name) in {"grad", "second", "hessian"} and node.id in fixed:
            del graph.outputs[name]
