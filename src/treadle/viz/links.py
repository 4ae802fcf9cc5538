"""Which elements of the gradients belong to which of the forward part.

Derivatives are built at the place, layer and span, of the node that they belong to: an element of a
gradient is linked to the last forward element of its place, which holds the value there, or else to the
last of its layer. The gradient of a parameter is linked to the parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from treadle.source import Span
from treadle.viz.scene import Element, Kind, Link, Part, Path

_Place = tuple[Path, Span | None]
_LEAVES = {Kind.INPUT, Kind.PARAM, Kind.STATE, Kind.OUTPUT, Kind.LOSS}


def links(elements: Sequence[Element]) -> tuple[Link, ...]:
    """The links of a scene with a forward and a backward part."""
    params = {e.nodes[0].attrs["name"]: e.key for e in elements if e.kind is Kind.PARAM}
    homes = _last_forward(elements)
    found = []
    for element in elements:
        if element.part is Part.FORWARD:
            continue
        if element.kind is Kind.GRADIENT:
            home = params.get(element.key.split(":", 2)[2])
        else:
            home = homes.get(_place(element)) or homes.get((element.path, None))
        if home is not None:
            found.append(Link(home, element.key))
    return tuple(found)


def _last_forward(elements: Iterable[Element]) -> dict[_Place, str]:
    plain = (e for e in elements if e.part is Part.FORWARD and e.kind not in _LEAVES)
    homes: dict[_Place, str] = {}
    for element in plain:
        homes[_place(element)] = element.key
        if element.path:
            homes[element.path, None] = element.key
    return homes


def _place(element: Element) -> _Place:
    return element.path, element.nodes[0].span if element.nodes else None
