"""Readable bodies: values that are used once flow through pipes, `h = x |> conv1 |> relu |> max_pool2d(2)`.

Input: the statements of an imported model. Output: fewer statements that mean the same. Only a value whose
one use is in the next statement moves, so that everything stays in its order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from treadle.frontend import ast
from treadle.frontend.expr_text import expr_to_text
from treadle.interop.onnx.importing.terms import NOWHERE

_WIDEST = 88  # characters of a statement that still grows
_OF_EQUALS = frozenset({"where", "concat", "stack", "maximum", "minimum", "full", "tensor", "at_points"})


def tidied(body: Sequence[ast.Statement], layers: Collection[str]) -> tuple[ast.Statement, ...]:
    """The statements with chains joined, without values that nothing uses.

    `layers` are the names that are layers rather than functions.
    """
    body = _used(body)
    uses = Counter(
        node.id for statement in body for node in ast.walk(statement) if isinstance(node, ast.Name)
    )
    result: list[ast.Statement] = []
    for statement in body:
        joined = _joined(result[-1], statement, uses, layers) if result else None
        if joined is None:
            result.append(statement)
        else:
            result[-1] = joined
    return tuple(result)


def _used(body: Sequence[ast.Statement]) -> list[ast.Statement]:
    """The statements that give something which a later one needs."""
    needed: set[str] = set()
    kept = []
    for statement in reversed(body):
        if not isinstance(statement, ast.Assign) or _given(statement) & needed:
            needed |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
            kept.append(statement)
    return kept[::-1]


def _given(statement: ast.Assign) -> set[str]:
    """The names that a statement binds; what a scan carries is bound after it, too."""
    carried = {node.name for node in ast.walk(statement) if isinstance(node, ast.Carry)}
    return carried | {target.id for target in statement.targets}


def _joined(
    first: ast.Statement, second: ast.Statement, uses: Counter[str], layers: Collection[str]
) -> ast.Statement | None:
    """Two statements as one, if the second only goes on with the value of the first."""
    if not isinstance(first, ast.Assign) or len(first.targets) != 1:
        return None
    title = first.targets[0].id
    if uses[title] != 2:  # the binding and one use
        return None
    if isinstance(second, ast.Output) and _is(second.value, title):
        return ast.Output(second.name or title, first.value, span=NOWHERE)
    if not isinstance(second, ast.Assign) or len(second.targets) != 1:
        return None
    value = _continued(first.value, second.value, title, layers)
    if value is None or len(expr_to_text(value)) > _WIDEST:
        return None
    return ast.Assign(second.targets, value, span=NOWHERE)


def _continued(value: ast.Expr, user: ast.Expr, title: str, layers: Collection[str]) -> ast.Expr | None:
    """`user` with `value` in front: `f(title, a)` becomes `value |> f(a)`."""
    front = value if isinstance(value, ast.Pipe) else _as_pipe(value, layers)
    back = _as_pipe(user, layers)
    if front is None or back is None or not _is(back.value, title):
        return None
    return ast.Pipe(front, back.target, span=NOWHERE)


def _as_pipe(value: ast.Expr, layers: Collection[str]) -> ast.Pipe | None:
    """`f(x, a)` as `x |> f(a)`, if `x` is a name and what flows through `f`."""
    if not isinstance(value, ast.Call) or not isinstance(value.callee, ast.Name) or not value.args:
        return None
    first, *rest = value.args
    if first.name is not None or not isinstance(first.value, ast.Name) or value.callee.id in _OF_EQUALS:
        return None
    if rest and value.callee.id in layers:
        return None  # `x |> layer(a)` would build a layer
    target = ast.Call(value.callee, tuple(rest), span=NOWHERE) if rest else value.callee
    return ast.Pipe(first.value, target, span=NOWHERE)


def _is(value: ast.Expr, title: str) -> bool:
    return isinstance(value, ast.Name) and value.id == title
