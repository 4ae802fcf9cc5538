"""Names whose meaning depends on where they stand: `training`, `step`, `total_steps`, parameter groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from treadle.frontend.elaborate.builtins.registry import BUILTINS
from treadle.frontend.elaborate.values import Group, Tensor, Value
from treadle.types import symbol

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator

TOTAL_STEPS = "total_steps"  # a symbol that training binds, as it binds the batch size

CONTEXTUAL: dict[str, Callable[[Elaborator], Value]] = {
    "training": lambda el: el.training,
    "step": lambda el: Tensor(el.trace.step(), el.trace),
    TOTAL_STEPS: lambda _el: symbol(TOTAL_STEPS),
}

BUILTINS.update({name: Group(name) for name in ("weights", "biases", "parameters")})
