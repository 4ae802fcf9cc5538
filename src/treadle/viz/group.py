"""Groups of elements that share a box: chains of simple ops, and layers folded up below a depth.

Input: elements. Output: `Group`s, and the group of each element. Non-goals: looks, layout.

A chain is folded from its end: an element joins a group when the group holds ALL its readers, so that no path
leaves the group and comes back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from treadle.viz.scene import Element, Path
from treadle.viz.style import Kind

_SIMPLE = {Kind.VIEW, Kind.ELEMENTWISE, Kind.REDUCTION}
_CHAINABLE = _SIMPLE | {Kind.LINEAR, Kind.LOOKUP, Kind.RANDOM}
_FOLDABLE = _CHAINABLE | {Kind.GRAD, Kind.STEP, Kind.CARRY, Kind.PARAM, Kind.STATE}
_LONGEST_CHAIN = 12


@dataclass
class Group:
    """Elements drawn as one box, first to last; `folded` for a whole layer."""

    path: Path
    backward: bool
    members: list[Element] = field(default_factory=list)
    folded: bool = False

    @property
    def kind(self) -> Kind:
        return Kind.LAYER if self.folded else max((m.kind for m in self.members), key=lambda kind: kind.rank)


def group(elements: list[Element], *, depth: int | None, chains: bool) -> list[Group]:
    """Groups in the order of their first elements.

    Args:
        elements: in an order where operands come first.
        depth: layers nested this deep become one group each; None folds none.
        chains: whether chains of simple ops become groups.
    """
    homes = _fold_layers(elements, depth) if depth is not None else {}
    readers = _readers(elements)
    if chains:
        _fold_chains(elements, homes, readers)
        _fold_params(elements, homes, readers)
    _fold_gradients(elements, homes, depth)
    groups: dict[int, Group] = {}
    for element in elements:
        home = homes.get(element.key) or Group(element.path, element.backward)
        home.members.append(element)
        groups.setdefault(id(home), home)
    return list(groups.values())


def _fold_layers(elements: Iterable[Element], depth: int) -> dict[str, Group]:
    layers: dict[tuple[Path, bool], Group] = {}
    homes: dict[str, Group] = {}
    for element in elements:
        if len(element.path) >= depth and element.kind in _FOLDABLE:
            path = element.path[:depth]
            is_backward = element.backward
            home = layers.setdefault((path, is_backward), Group(path, is_backward, folded=True))
            homes[element.key] = home
    return homes


def _fold_chains(elements: list[Element], homes: dict[str, Group], readers: dict[str, list[str]]) -> None:
    chains: dict[int, list[Kind]] = {}
    for element in reversed(elements):
        if element.key in homes or element.kind not in _CHAINABLE:
            continue
        home = _home_of_all(readers[element.key], homes)
        if home is None or not _may_join(element, home, chains.get(id(home))):
            home = Group(element.path, element.backward)
            chains[id(home)] = []
        chains[id(home)].append(element.kind)
        homes[element.key] = home


def _fold_params(elements: list[Element], homes: dict[str, Group], readers: dict[str, list[str]]) -> None:
    """Parameters of one layer that the same boxes read share a box."""
    together: dict[tuple[Path, frozenset[int | str]], Group] = {}
    for element in elements:
        if element.kind is Kind.PARAM and element.key not in homes:
            reading = frozenset(id(homes[key]) if key in homes else key for key in readers[element.key])
            group_of_layer = Group(element.path, backward=False)
            homes[element.key] = together.setdefault((element.path, reading), group_of_layer)


def _fold_gradients(elements: list[Element], homes: dict[str, Group], depth: int | None) -> None:
    """Gradients of one layer's parameters share a box, beside the layer where that is folded."""
    together: dict[Path, Group] = {}
    for element in elements:
        if element.kind is Kind.GRADIENT:
            layer = element.path[:depth]
            path = layer if depth is None else layer[: depth - 1]
            homes[element.key] = together.setdefault(layer, Group(path, backward=True))


def _home_of_all(readers: list[str], homes: dict[str, Group]) -> Group | None:
    found = {id(homes[reader]) if reader in homes else 0 for reader in readers}
    return homes[readers[0]] if len(found) == 1 and 0 not in found else None


def _may_join(element: Element, home: Group, kinds: list[Kind] | None) -> bool:
    """Whether the chain may take the element; a chain has at most one op that is not simple."""
    if kinds is None or len(kinds) >= _LONGEST_CHAIN:
        return False
    if (home.path, home.backward) != (element.path, element.backward):
        return False
    return element.kind in _SIMPLE or all(kind in _SIMPLE for kind in kinds)


def _readers(elements: list[Element]) -> dict[str, list[str]]:
    """Who reads each element. Backward readers of forward elements count only where there are no others.

    So the forward part is grouped the same with and without the backward part. Nothing flows back
    from there: no cycle can arise.
    """
    side = {element.key: element.backward for element in elements}
    near: dict[str, list[str]] = {key: [] for key in side}
    far: dict[str, list[str]] = {key: [] for key in side}
    for element in elements:
        for wire in element.wires:
            found = near if side[wire.source] == element.backward else far
            found[wire.source].append(element.key)
    return {key: near[key] or far[key] for key in side}
