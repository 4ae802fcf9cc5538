"""Lint: activations that do not suit what follows them, and images that are not scaled (L02xx, L04xx).

Looks at the text: what a value went through last is read off the pipe, call or assignment that it comes from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from treadle.errors import Diagnostic
from treadle.frontend import ast
from treadle.frontend.lint.report import warning
from treadle.frontend.result import Checked

Values = Mapping[str, ast.Expr]

_LOGIT_LOSSES = frozenset({"cross_entropy", "bce_with_logits", "focal_loss"})
_RECTIFIERS = frozenset({"relu", "relu6"})
_BIASED = ("dense", "conv", "depthwise_conv")
_MAX_FOLLOWED = 10


def find_activations(checked: Checked) -> Iterator[Diagnostic]:
    """Findings about activations in all blocks of a file."""
    for block in checked.spec.blocks:
        values = {
            node.targets[0].id: node.value
            for node in ast.walk(block)
            if isinstance(node, ast.Assign) and len(node.targets) == 1
        }
        for node in ast.walk(block):
            if isinstance(node, ast.Call):
                yield from _before_loss(node, values)
            elif isinstance(node, ast.Pipe):
                yield from _before_norm(node)
                yield from _after_conditional(node)
        if isinstance(block, ast.Data):
            yield from _unscaled(block)


def _before_loss(call: ast.Call, values: Values) -> Iterator[Diagnostic]:
    name = _called(call.callee)
    if name not in _LOGIT_LOSSES | {"softmax"} or not call.args or call.args[0].name is not None:
        return
    given = call.args[0].value
    last = _last(given, values)
    if last == "softmax" and name == "cross_entropy":
        yield warning("L0201", "`cross_entropy` applies softmax itself", given.span, "give it the logits")
    elif last == "sigmoid" and name == "bce_with_logits":
        hint = "give it the logits, or use `bce`"
        yield warning("L0202", "`bce_with_logits` applies the sigmoid itself", given.span, hint)
    elif last in _RECTIFIERS:
        message = f"`{last}` before `{name}` cuts off negative logits"
        yield warning("L0203", message, given.span, f"leave out the last `{last}`")
    elif last == "dropout" and name != "softmax":
        yield warning("L0204", "dropout stands behind the last layer", given.span, "put it before that layer")


def _last(expr: ast.Expr, values: Values) -> str | None:
    """The function or layer that a value comes from."""
    for _ in range(_MAX_FOLLOWED):
        if isinstance(expr, ast.Pipe):
            return _called(expr.target)
        if not isinstance(expr, ast.Name) or expr.id not in values:
            return _called(expr)
        expr = values[expr.id]
    return None


def _called(expr: ast.Expr) -> str | None:
    """The name of what `f`, `f(...)` or `f(...)(x)` calls."""
    while isinstance(expr, ast.Call):
        expr = expr.callee
    return expr.id if isinstance(expr, ast.Name) else None


def _before_norm(pipe: ast.Pipe) -> Iterator[Diagnostic]:
    if _called(pipe.target) != "batch_norm" or not isinstance(pipe.value, ast.Pipe):
        return
    layer = pipe.value.target
    name = _called(layer)
    biased = name is not None and name.startswith(_BIASED) and isinstance(layer, ast.Call)
    if biased and isinstance(layer, ast.Call) and all(arg.name != "bias" for arg in layer.args):
        message = f"the bias of `{name}` is subtracted by the batch normalisation"
        yield warning("L0205", message, layer.span, "write `bias = false`")


def _after_conditional(pipe: ast.Pipe) -> Iterator[Diagnostic]:
    if isinstance(pipe.value, ast.Conditional) and not _in_brackets(pipe.value):
        message = "the pipe takes the whole conditional, not only what stands after `else`"
        yield warning("L0206", message, pipe.span, "put the conditional, or the pipe, in brackets")


def _in_brackets(expr: ast.Expr) -> bool:
    text = expr.span.source.text
    return expr.span.text.startswith("(") or text[expr.span.end :].lstrip().startswith(")")


def _unscaled(block: ast.Data) -> Iterator[Diagnostic]:
    for item in block.items:
        if isinstance(item, ast.Assign) and _is_plain_images(item.value):
            message = "the pixels of these images keep their values from 0 to 255"
            yield warning("L0401", message, item.value.span, "divide by 255")


def _is_plain_images(value: ast.Expr) -> bool:
    nodes = list(ast.walk(value))
    images = any(isinstance(node, ast.Attribute) and node.name == "images" for node in nodes)
    cast = any(isinstance(node, ast.Call) and _called(node) == "cast" for node in nodes)
    known = {"cast", "reshape", "transpose", "expand_dims"}
    changed = any(isinstance(node, ast.Binary) for node in nodes)
    only = all(_called(node) in known for node in nodes if isinstance(node, ast.Call))
    return images and cast and only and not changed
