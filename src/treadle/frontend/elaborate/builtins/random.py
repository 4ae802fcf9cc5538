"""Random draws: counter-based numbers keyed by the seed, the step and the place of the draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.frontend.elaborate import convert
from treadle.frontend.elaborate.builtins.registry import builtin, sizes
from treadle.frontend.elaborate.values import Tensor, Value

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator


def _draw(el: Elaborator, name: str, shape: Value) -> Tensor:
    wanted = () if shape == [] else sizes(el, shape, "a shape")
    key = Tensor(el.trace.key(), el.trace)
    return el.op(name, key, shape=wanted, dtype=convert.DEFAULT, stream=el.stream())


@builtin("random_uniform")
def random_uniform(el: Elaborator, shape: Value) -> Value:
    """Numbers from [0, 1), all equally likely; other numbers in each step."""
    return _draw(el, "random_uniform", shape)


@builtin("random_normal")
def random_normal(el: Elaborator, shape: Value) -> Value:
    """Numbers from the normal distribution of mean 0 and deviation 1; other numbers in each step."""
    return _draw(el, "random_normal", shape)
