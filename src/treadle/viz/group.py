"""Groups of elements that share a box: chains of simple ops, and layers folded up below a depth.

Input: elements. Output: `Group`s, and the group of each element. Non-goals: looks, layout.

A chain is folded from its end: an element joins a group when the group holds ALL its readers, so that no path
leaves the group and comes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from treadle.viz.folding import Folding
from treadle.viz.scene import Element, Kind, Part, Path

_SIMPLE = {Kind.VIEW, Kind.ELEMENTWISE, Kind.REDUCTION}
_CHAINABLE = _SIMPLE | {Kind.LINEAR, Kind.LOOKUP, Kind.RANDOM}
_LEAVES = {Kind.PARAM, Kind.STATE, Kind.TAKEN}
_FOLDABLE = _CHAINABLE | _LEAVES | {Kind.GRAD, Kind.STEP, Kind.CARRY}
_LONGEST_CHAIN = 12


@dataclass
class Group:
    """Elements drawn as one box, first to last; `folded` for a whole layer."""

    path: Path
    part: Part
    members: list[Element] = field(default_factory=list)
    folded: bool = False

    @property
    def kind(self) -> Kind:
        if not self.folded:
            return max((member.kind for member in self.members), key=lambda kind: kind.rank)
        return Kind.TAKEN if any(member.kind is Kind.TAKEN for member in self.members) else Kind.LAYER


def group(elements: Sequence[Element], folding: Folding, *, chains: bool = True) -> list[Group]:
    """Groups in the order of their first elements.

    Args:
        elements: in an order where operands come first.
        folding: which layers become one group for each part of the program.
        chains: whether chains of simple ops become groups.
    """
    homes = _fold_layers(elements, folding)
    readers = _readers(elements)
    if chains:
        _fold_chains(elements, homes, readers)
        _fold_params(elements, homes, readers)
    _fold_gradients(elements, homes, folding)
    groups: dict[int, Group] = {}
    for element in elements:
        home = homes.get(element.key) or Group(element.path, element.part)
        home.members.append(element)
        groups.setdefault(id(home), home)
    return list(groups.values())


def _fold_layers(elements: Iterable[Element], folding: Folding) -> dict[str, Group]:
    layers: dict[tuple[Path, Part], Group] = {}
    homes: dict[str, Group] = {}
    for element in elements:
        path = folding.folded(element.path)
        if path is not None and element.kind in _FOLDABLE:
            home = Group(path, element.part, folded=True)
            homes[element.key] = layers.setdefault((path, element.part), home)
    return homes


def _fold_chains(elements: Sequence[Element], homes: dict[str, Group], readers: dict[str, list[str]]) -> None:
    chains: dict[int, list[Kind]] = {}
    for element in reversed(elements):
        if element.key in homes or element.kind not in _CHAINABLE:
            continue
        home = _home_of_all(readers[element.key], homes)
        if home is None or not _may_join(element, home, chains.get(id(home))):
            home = Group(element.path, element.part)
            chains[id(home)] = []
        chains[id(home)].append(element.kind)
        homes[element.key] = home


def _fold_params(elements: Sequence[Element], homes: dict[str, Group], readers: dict[str, list[str]]) -> None:
    """Parameters of one layer that the same boxes read share a box."""
    together: dict[tuple[Path, frozenset[int | str]], Group] = {}
    for element in elements:
        if element.kind is Kind.PARAM and element.key not in homes:
            reading = frozenset(id(homes[key]) if key in homes else key for key in readers[element.key])
            group_of_layer = Group(element.path, element.part)
            homes[element.key] = together.setdefault((element.path, reading), group_of_layer)


def _fold_gradients(elements: Sequence[Element], homes: dict[str, Group], folding: Folding) -> None:
    """Gradients of one layer's parameters share a box, beside the layer where that is folded."""
    together: dict[tuple[Path, Part], Group] = {}
    for element in elements:
        if element.kind is Kind.GRADIENT:
            folded = folding.folded(element.path)
            path = folded[:-1] if folded else element.path
            home = Group(path, element.part)
            homes[element.key] = together.setdefault((folded or element.path, element.part), home)


def _home_of_all(readers: list[str], homes: dict[str, Group]) -> Group | None:
    found = {id(homes[reader]) if reader in homes else 0 for reader in readers}
    return homes[readers[0]] if len(found) == 1 and 0 not in found else None


def _may_join(element: Element, home: Group, kinds: list[Kind] | None) -> bool:
    """Whether the chain may take the element; a chain has at most one op that is not simple."""
    if kinds is None or len(kinds) >= _LONGEST_CHAIN:
        return False
    if (home.path, home.part) != (element.path, element.part):
        return False
    return element.kind in _SIMPLE or all(kind in _SIMPLE for kind in kinds)


def _readers(elements: Sequence[Element]) -> dict[str, list[str]]:
    """Who reads each element. Readers of another part count only where there are no others.

    So the forward part is grouped the same with and without the backward part. Nothing flows back
    from there: no cycle can arise.
    """
    parts = {element.key: element.part for element in elements}
    near: dict[str, list[str]] = {key: [] for key in parts}
    far: dict[str, list[str]] = {key: [] for key in parts}
    for element in elements:
        for wire in element.wires:
            found = near if parts[wire.source] is element.part else far
            found[wire.source].append(element.key)
    return {key: near[key] or far[key] for key in parts}
