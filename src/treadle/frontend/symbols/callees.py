"""What is called: the definition behind a callee, as far as the text alone tells, and its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from treadle.frontend import ast
from treadle.frontend.symbols.table import Names, Symbol

if TYPE_CHECKING:
    from treadle.frontend.symbols.resolve import Resolver

Stage = Literal["first", "second"]
Callee = tuple[Symbol, Stage]

MAX_STEPS = 20  # from a name to the definition behind it

_BUILT = (ast.Layer, ast.Model, ast.Optimizer, ast.Schedule, ast.Init)


class Callees:
    """Finds definitions behind callees."""

    def __init__(self, resolver: Resolver) -> None:
        """Make ready for one file."""
        self._resolver = resolver

    def find(self, expr: ast.Expr, scope: Names, steps: int = MAX_STEPS) -> Callee | None:
        """The definition that an expression calls, and whether it is its first or its second call."""
        if steps == 0:
            return None
        if isinstance(expr, ast.Name):
            return self._named(scope.find(expr.id), scope, steps)
        if isinstance(expr, ast.Attribute):
            symbol = self.attribute(expr, scope)
            return None if symbol is None else self._named(symbol, scope, steps)
        if isinstance(expr, ast.Call):
            callee = self.find(expr.callee, scope, steps - 1)
            if callee is not None and callee[1] == "first" and isinstance(callee[0].node, _BUILT):
                return callee[0], "second"
        return None

    def _named(self, symbol: Symbol | None, scope: Names, steps: int) -> Callee | None:
        if symbol is None:
            return None
        if symbol.kind == "value" and symbol.value is not None:
            return self.find(symbol.value, scope, steps - 1)
        return symbol, "first"

    def attribute(self, expr: ast.Attribute, scope: Names) -> Symbol | None:
        """The symbol of `value.name`: a block of an aliased file, a weight of a layer, a metric."""
        if isinstance(expr.value, ast.Name):
            before = scope.find(expr.value.id)
            if before is not None and before.kind == "file":
                used = self._resolver.module.aliased.get(expr.value.id)
                return None if used is None else self._resolver.program.table(used).top.get(expr.name)
        callee = self.find(expr.value, scope)
        return self.member(callee[0], expr.name) if callee is not None and callee[1] == "second" else None

    def member(self, owner: Symbol, name: str, stage: Stage = "first") -> Symbol | None:
        """A parameter of a definition: of its first list before its second, or of its second alone."""
        if stage == "second" and isinstance(owner.node, ast.Definition):
            second = {param.name for param in owner.node.inputs}
            if name not in second:
                return None
        body = self._body(owner)
        if body is not None and name in body.own:
            return body.own[name]
        return self._resolver.program.member(owner, name)

    def _body(self, owner: Symbol) -> Names | None:
        """The scope of a definition of this file, or of another one of the program."""
        if owner.node is None or owner.home != "file":
            return None
        own = self._resolver.table.bodies.get(id(owner.node))
        if own is not None:
            return own
        for module in (*self._resolver.module.merged, *self._resolver.module.aliased.values()):
            found = self._resolver.program.table(module).bodies.get(id(owner.node))
            if found is not None:
                return found
        return None

    def of_setting(self, word: str, train: ast.Train | None) -> Symbol | None:
        """What the call of a setting calls: `adam` of `optimizer adam(1e-3)`."""
        for item in () if train is None else train.items:
            if isinstance(item, ast.Setting) and item.word == word and item.values:
                callee = self.find(item.values[0], self._resolver.file)
                return None if callee is None else callee[0]
        return None
