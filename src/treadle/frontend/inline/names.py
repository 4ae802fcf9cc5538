"""What the names of a block mean, and what they are called in a spec that holds everything.

Input: blocks and the files they stand in. Output: `Home`s and new names. A block keeps its name unless
another has taken it. Non-goals: names inside of blocks, which stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from treadle.frontend import ast
from treadle.frontend.program import Block, Module, library_block


@dataclass(frozen=True, eq=False)
class Home:
    """A block and the file it stands in; None for the library."""

    block: Block
    module: Module | None


class Names:
    """Finds blocks by name and gives them names of their own."""

    def __init__(self, main: Module) -> None:
        """Begin with the names of the file itself."""
        self._homes: dict[int, Home] = {}
        self._names: dict[int, str] = {}
        self._taken: set[str] = set()
        for block in main.blocks.values():
            self.name_of(self._home(block, main))

    def find(self, module: Module | None, name: str) -> Home | None:
        """The block that `name` means in a file."""
        found = None if module is None else module.find(name)
        if found is not None:
            return self._home(found[1], found[0])
        block = library_block(name)
        return None if block is None else self._home(block, None)

    def find_member(self, module: Module | None, alias: str, name: str) -> Home | None:
        """The block that `alias.name` means in a file."""
        used = None if module is None else module.aliased.get(alias)
        return None if used is None or name not in used.blocks else self._home(used.blocks[name], used)

    def name_of(self, home: Home) -> str:
        """What a block is called in the result."""
        key = id(home.block)
        if key not in self._names:
            self._names[key] = self._unused(home.block.name)
        return self._names[key]

    def _home(self, block: Block, module: Module | None) -> Home:
        return self._homes.setdefault(id(block), Home(block, module))

    def _unused(self, name: str) -> str:
        candidate, count = name, 1
        while candidate in self._taken:
            count += 1
            candidate = f"{name}_of_library" if count == 2 else f"{name}_{count}"
        self._taken.add(candidate)
        return candidate


def bound_names(block: ast.Node) -> set[str]:
    """The names that something inside of a block binds, wherever it does."""
    return {name for node in ast.walk(block) for name in _bound(node)}


def _bound(node: ast.Node) -> Iterator[str]:
    match node:
        case ast.Parameter() | ast.Input() | ast.Target() | ast.Param() | ast.State() | ast.Carry():
            yield node.name
        case ast.Const():
            yield node.name
        case ast.Output() | ast.Loss() | ast.Metric() if node.name is not None:
            yield node.name
        case ast.Assign() | ast.For() | ast.Comprehension():
            yield from (target.id for target in node.targets)
        case ast.Scan():
            yield node.index.id
        case ast.TensorType():
            yield from (name.id for dim in node.dims for name in ast.walk(dim) if isinstance(name, ast.Name))
        case _:
            pass
