"""Names of layers: what a layer is called after, and the path that its weights are found under.

A layer is named after the name it is bound to, else after its definition; in a loop the index of the
iteration follows; a name that is taken gets a number. A layer in the configuration of another belongs to that
one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.frontend import ast
from treadle.frontend.elaborate.budget import VISITS_PER_STEP
from treadle.frontend.elaborate.values import Built, Instance, Value

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator


def settle(el: Elaborator, built: Built) -> None:
    """Give a layer its path when it is first applied, and own the layers in its configuration."""
    instance = built.instance
    if instance.path is None:
        place(el, instance, built.origin.name)
    for name, value in built.config.items():
        _own(el, value, instance, name)


def _own(el: Elaborator, value: Value, owner: Instance, name: str) -> None:
    if (
        isinstance(value, Built)
        and value.instance.path is None
        and isinstance(value.definition, ast.Layer | ast.Model)
    ):
        value.instance.path = _join(owner, _unused(owner, name, ""))
        for key, inner in value.config.items():
            _own(el, inner, value.instance, key)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            _own(el, item, owner, f"{name}[{number}]")


def name_value(el: Elaborator, name: str, value: Value) -> None:
    """Name a layer, or the layers of a list, after the name that they are bound to."""
    if isinstance(value, list):
        el.budget.step(el.here, len(value) // VISITS_PER_STEP)
        for number, item in enumerate(value):
            name_value(el, f"{name}[{number}]", item)
    elif isinstance(value, Built) and isinstance(value.definition, ast.Layer | ast.Model):
        _place_once(el, value.instance, name)


def _place_once(el: Elaborator, instance: Instance, name: str) -> None:
    if instance.path is None:
        place(el, instance, name)


def place(el: Elaborator, instance: Instance, name: str) -> None:
    """Give an instance its path inside the layer whose body is being run: `name`, or `name[2]` in a loop."""
    owner = el.application.instance
    loops = "".join(f"[{number}]" for number in el.application.loops)
    instance.name = name
    instance.path = _join(owner, _unused(owner, name, loops))


def _unused(owner: Instance, name: str, suffix: str) -> str:
    """`name`, `name_2`, `name_3`, ... : the first that the owner has not given away."""
    candidate, count = name + suffix, 1
    while candidate in owner.taken:
        count += 1
        candidate = f"{name}_{count}{suffix}"
    owner.taken.add(candidate)
    return candidate


def _join(owner: Instance, name: str) -> str:
    return f"{owner.path}.{name}" if owner.path else name
