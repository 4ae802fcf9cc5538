"""Modules as scopes: what the names of a file, of the files it uses, of the library and of the compiler mean.

One set of scopes serves one elaboration. Constants are computed when they are first used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend import ast
from treadle.frontend.elaborate.builtins.registry import BUILTINS
from treadle.frontend.elaborate.builtins.special import CONTEXTUAL
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.values import DefinitionValue, FnValue, Namespace, Tensor, Value
from treadle.frontend.program import Block, Module, library_block, library_names

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator


class Modules:
    """The scopes of the files of a program, for one elaborator."""

    def __init__(self, el: Elaborator) -> None:
        self._el = el
        self._computing: set[int] = set()
        self._modules: dict[int, Scope] = {}
        self.builtins = Scope(fallback=self._contextual, known=lambda: iter(CONTEXTUAL))
        self.builtins.names.update(BUILTINS)
        self.library = Scope(self.builtins, fallback=self._library_value, known=lambda: iter(library_names()))

    def scope_of(self, module: Module) -> Scope:
        """The outermost scope of a file."""
        found = self._modules.get(id(module))
        if found is None:

            def known() -> Iterator[str]:
                return iter(module.names())

            found = Scope(self.library, fallback=lambda name: self._module_value(module, name), known=known)
            self._modules[id(module)] = found
        return found

    def _contextual(self, name: str) -> Value | None:
        make = CONTEXTUAL.get(name)
        return None if make is None else make(self._el)

    def _library_value(self, name: str) -> Value | None:
        block = library_block(name)
        if block is None:
            return None
        value = self._block_value(block, self.library)
        self.library.names[name] = value
        return value

    def _module_value(self, module: Module, name: str) -> Value | None:
        if name in module.aliased:
            return self._namespace(name, module.aliased[name])
        found = module.find(name)
        if found is None or isinstance(found[1], ast.Data | ast.Adapt):
            return None
        owner, block = found
        value = self._block_value(block, self.scope_of(owner))
        self.scope_of(module).names[name] = value
        return value

    def _namespace(self, alias: str, module: Module) -> Namespace:
        scope = self.scope_of(module)
        members = {
            name: scope.find(name)
            for name, block in module.blocks.items()
            if not isinstance(block, ast.Data | ast.Adapt)
        }
        return Namespace(alias, members)

    def _block_value(self, block: Block, scope: Scope) -> Value:
        if isinstance(block, ast.Fn):
            return FnValue(block.name, block.inputs, block.body, scope, block)
        if isinstance(block, ast.Definition | ast.Model):
            return DefinitionValue(block, scope)
        assert isinstance(block, ast.Const)  # noqa: S101 - data blocks have no value
        return self._constant(block, scope)

    def _constant(self, block: ast.Const, scope: Scope) -> Value:
        if id(block) in self._computing:
            fail("E0905", f"`{block.name}` is defined by itself", block.span)
        self._computing.add(id(block))
        value = self._el.evaluate(block.value, scope)
        self._computing.discard(id(block))
        if isinstance(value, Tensor):
            fail("E0403", f"`{block.name}` is computed by the network: a const is not", block.value.span)
        return value
