"""Checks that each statement stands in a block where it means something.

Stage: after `transform`. Input: a spec. Output: diagnostics E0113, E0501, E0511. The grammar accepts more on
purpose, because "`loss` belongs in a model" helps more than "unexpected `loss`". Non-goals: names, and what
the values are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from treadle.errors import Diagnostic, Diagnostics
from treadle.frontend import ast

_COMMON = (ast.Const, ast.Assign, ast.For, ast.If, ast.Require)
_BODY = (*_COMMON, ast.ExprStatement)
_OWNED = (ast.Param, ast.State)
_ALLOWED: dict[type[ast.Node], tuple[type[ast.Node], ...]] = {
    ast.Model: (*_BODY, *_OWNED, ast.Update, ast.Input, ast.Target, ast.Output, ast.Loss, ast.Metric),
    ast.Layer: (*_BODY, *_OWNED, ast.Update, ast.Return),
    ast.Fn: (*_BODY, ast.Return),
    ast.Schedule: (*_BODY, ast.Return),
    ast.Init: (*_BODY, ast.Return),
    ast.Optimizer: (*_BODY, ast.State, ast.Update),
    ast.Scan: (*_BODY, ast.Update, ast.Yield),
    ast.Augment: (*_BODY,),
    ast.Data: (*_COMMON, ast.Setting, ast.Augment),
    ast.Train: (*_BODY, ast.Update, ast.Setting, ast.Minimize, ast.Phase, ast.Load),
    ast.Generate: (*_BODY, ast.Update, ast.Setting),
    ast.Sweep: (ast.Setting, ast.Vary),
    ast.Adapt: (*_COMMON, ast.Setting, ast.Wrap),
}
_WORD: dict[type[ast.Node], str] = {
    ast.Input: "input",
    ast.Target: "target",
    ast.Output: "output",
    ast.Loss: "loss",
    ast.Metric: "metric",
    ast.Param: "param",
    ast.State: "state",
    ast.Return: "return",
    ast.Yield: "yield",
    ast.Update: "<-",
    ast.Minimize: "minimize",
    ast.Phase: "phase",
    ast.Augment: "augment",
    ast.Load: "load",
    ast.Wrap: "wrap",
    ast.Vary: "in",
    ast.Const: "const",
    ast.Assign: "=",
    ast.For: "for",
    ast.If: "if",
    ast.Require: "require",
    ast.Setting: "a setting",
    ast.ExprStatement: "scan",
}
_NO_BEGINNING = ("in", "scan")
_BLOCK: dict[type[ast.Node], str] = {
    ast.Model: "a model",
    ast.Layer: "a layer",
    ast.Fn: "an fn",
    ast.Schedule: "a schedule",
    ast.Init: "an init",
    ast.Optimizer: "an optimizer",
    ast.Scan: "a scan",
    ast.Augment: "an augment block",
    ast.Data: "a data block",
    ast.Train: "a train block",
    ast.Generate: "a generate block",
    ast.Sweep: "a sweep",
    ast.Adapt: "an adapt block",
}
_CODES: dict[type[ast.Node], str] = {ast.Yield: "E0511", ast.Param: "E0501", ast.State: "E0501"}
_INSTEAD: dict[tuple[type[ast.Node], type[ast.Node]], str] = {
    (ast.Model, ast.Return): "a model names its results: `output`",
    (ast.Scan, ast.Return): "a scan gives the value of each step with `yield`",
    (ast.Layer, ast.Yield): "a layer gives its result with `return`",
    (ast.Optimizer, ast.Return): "an optimizer says what the weight will be: `w <- ...`",
    (ast.Optimizer, ast.Param): "an optimizer keeps what it needs as `state`",
    (ast.Fn, ast.Param): "write a layer: only layers and models own parameters",
    (ast.Fn, ast.State): "write a layer: only layers and models own state",
}


def words_of(block: type[ast.Node]) -> list[str]:
    """The words that begin the statements which may stand in a block of this kind."""
    words = [_WORD[statement] for statement in _ALLOWED[block]]
    return [word for word in words if word.isalpha() and word not in _NO_BEGINNING]


def check_placement(spec: ast.Spec, problems: Diagnostics) -> None:
    """Add a diagnostic for every misplaced statement of `spec`."""
    for node in ast.walk(spec):
        if type(node) in _ALLOWED:
            for statement in _statements(node):
                if not isinstance(statement, _ALLOWED[type(node)]):
                    problems.append(_misplaced(statement, node))


def _statements(block: ast.Node) -> Iterator[ast.Node]:
    """The statements of `block`, with those in its `for`, `if` and `phase` parts."""
    pending: deque[ast.Node] = deque(getattr(block, "body", ()) or getattr(block, "items", ()))
    while pending:
        statement = pending.popleft()
        yield statement
        if isinstance(statement, ast.For):
            pending.extendleft(reversed(statement.body))
        elif isinstance(statement, ast.If):
            pending.extendleft(reversed((*statement.then, *statement.otherwise)))
        elif isinstance(statement, ast.Phase):
            pending.extendleft(reversed(statement.items))


def _misplaced(statement: ast.Node, block: ast.Node) -> Diagnostic:
    word = _WORD[type(statement)]
    code = _CODES.get(type(statement), "E0113")
    homes = [_BLOCK[home] for home, allowed in _ALLOWED.items() if type(statement) in allowed]
    hint = _INSTEAD.get((type(block), type(statement))) or f"it belongs in {' or '.join(homes)}"
    return Diagnostic(code, f"`{word}` cannot stand in {_BLOCK[type(block)]}", statement.span, hint=hint)
