"""What the tests know about a gallery spec: how long its short training is, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """The short training of a spec on stand-in data.

    Attributes:
        steps: how many.
        below: the last losses must be below this, such as the loss of guessing.
        not_falling: why the loss need not fall, such as "two players"; empty when it must.
        tolerance: of the gradient check, relative.
        no_gradient: why a loss has no gradient to check; empty when it has.
    """

    steps: int = 20
    below: float | None = None
    not_falling: str = ""
    tolerance: float = 1e-4
    no_gradient: str = ""
