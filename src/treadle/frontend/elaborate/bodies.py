"""Bodies: running the statements of a layer or function, and the conditions in its header."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from treadle.errors import Label, fail
from treadle.frontend import ast
from treadle.frontend.elaborate import operators, statements
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.values import Value, show
from treadle.source import Span

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator


def run(el: Elaborator, body: Sequence[ast.Statement], scope: Scope, name: str, span: Span) -> Value:
    """Run a body; the value of its `return`, or of an expression that ends it.

    Raises:
        TreadleError: E0409 if it ends without a value.
    """
    result = statements.run_all(el, body, scope)
    if result is not statements.NO_RESULT:
        return result
    fail("E0409", f"`{name}` ends without `return` here", span, hint="end its body with `return ...`")


def check_conditions(
    el: Elaborator, conditions: Sequence[ast.Condition], scope: Scope, name: str, span: Span
) -> None:
    """Check the `where` part of a header.

    Raises:
        TreadleError: E0401 at the call, with the author's message and the values involved.
    """
    for condition in conditions:
        value = el.evaluate(condition.condition, scope)
        if not operators.condition(value, condition.condition.span):
            involved = _values(condition.condition, scope)
            message = f"`{name}`: {condition.message}" + (f" ({involved})" if involved else "")
            fail("E0401", message, span, labels=[Label(condition.span, "demanded here")])


def _values(expr: ast.Expr, scope: Scope) -> str:
    names = dict.fromkeys(node.id for node in ast.walk(expr) if isinstance(node, ast.Name))
    values = ((name, scope.find(name)) for name in names)
    return ", ".join(f"{name} = {show(v)}" for name, v in values if v is not None and not callable(v))
