"""Choosing, under its former name."""

from treadle.frontend.choice import (
    choose_generation,
    choose_model,
    choose_phase,
    choose_plan,
    choose_sweep,
)

__all__ = ["choose_generation", "choose_model", "choose_phase", "choose_plan", "choose_sweep"]
