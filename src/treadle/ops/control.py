"""Ops that structure a computation: loops over time, their results, gradients.

Their values are computed by whoever runs the graph, and their derivatives live in `autodiff/`, because both
need to walk a sub-graph. Ops know only its ends: `body.inputs` and `body.outputs`, nodes by name, in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from treadle.ops.opdef import REGISTRY, AnyType, Attrs, OpDef, TypeRuleError
from treadle.ops.rules import need_float
from treadle.types import DimLike, TensorType

INDEX = "index"  # name of the body input that holds the position in the sequences


def _infer_scan(types: Sequence[TensorType], attrs: Attrs) -> AnyType:
    body, carries, sequences, length = (attrs[k] for k in ("body", "carries", "sequences", "length"))
    inputs = [node.type for name, node in body.inputs.items() if name != INDEX]
    outputs = [node.type for node in body.outputs.values()]
    _check_counts(len(types), len(inputs), len(outputs), attrs)
    for index, (outer, inner) in enumerate(zip(types, inputs, strict=True)):
        is_sequence = carries <= index < carries + sequences
        expected = _stacked(inner, length) if is_sequence else inner
        if outer != expected:
            what = "sequence" if is_sequence else "value"
            message = f"scan: a {what} of type {outer} enters, the body expects {expected}"
            raise TypeRuleError("E0219" if index < carries else "E0217", message, (index,))
    for index in range(carries):
        if outputs[index] != inputs[index]:
            message = f"scan: a carried value starts as {inputs[index]} and is {outputs[index]} after a step"
            raise TypeRuleError("E0219", message, (index,))
    return (*outputs[:carries], *(_stacked(t, length) for t in outputs[carries:]))


def _check_counts(operands: int, inputs: int, outputs: int, attrs: Attrs) -> None:
    if operands != inputs or outputs < attrs["carries"]:
        message = f"scan: the body takes {inputs} values and {operands} are given; it makes {outputs}"
        raise TypeRuleError("E0220", message)
    truncate = attrs["truncate"]
    if truncate is not None and truncate < 1:
        raise TypeRuleError("E0220", f"scan: truncation must be at least 1 step, not {truncate}")


def _stacked(element: TensorType, length: DimLike) -> TensorType:
    return element.with_shape((length, *element.shape))


def _infer_item(types: Sequence[Any], attrs: Attrs) -> TensorType:
    results, index = types[0], attrs["index"]
    if not isinstance(results, tuple) or not 0 <= index < len(results):
        raise TypeRuleError("E0220", f"item: there is no result {index} in {results}", (0,))
    result: TensorType = results[index]
    return result


def _infer_grad(types: Sequence[TensorType], attrs: Attrs) -> TensorType:  # noqa: ARG001 - one signature for all
    y, x = types
    need_float("grad", y)
    need_float("grad", x, 1)
    if y.rank != 0:
        message = f"grad needs a single number to differentiate, but {y} is a tensor"
        raise TypeRuleError("E0202", message, (0,), hint="reduce it with `sum` or `mean` first")
    return x


REGISTRY.add(
    OpDef(
        "scan",
        ("*operands",),
        _infer_scan,
        "Runs `body` for each element of the sequences (axis 0, `length` steps). Operands: initial carries, "
        "sequences, constants. Results: final carries, then stacked yields. `reverse` walks from the last "
        "element to the first and stacks yields at their own positions; `truncate` cuts the gradient of the "
        "carries every so many steps. A body input named `index` (last) holds the position as i64[].",
        attrs={
            "body": ...,
            "carries": ...,
            "sequences": ...,
            "length": ...,
            "reverse": False,
            "truncate": None,
        },
    )
)
REGISTRY.add(
    OpDef(
        "item",
        ("results",),
        _infer_item,
        "One result of an op with several.",
        reference=lambda results, index: results[index],
        attrs={"index": ...},
        traits=frozenset({"view"}),
    )
)
REGISTRY.add(
    OpDef(
        "grad",
        ("y", "x"),
        _infer_grad,
        "The derivative of the number y in x, of the type of x; zeros where y does not depend on x.",
    )
)
