"""Sweeps: what a `sweep` block varies, and the spec of each trial. Syntax tree in, syntax trees out."""

from treadle.frontend.sweeps.plan import Axis, SweepPlan, plan_sweep
from treadle.frontend.sweeps.substitute import substitute
from treadle.frontend.sweeps.trials import Trial, trials_of

__all__ = ["Axis", "SweepPlan", "Trial", "plan_sweep", "substitute", "trials_of"]
