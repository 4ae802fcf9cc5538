"""Generative models."""

from gallery.case import Case

CASES = {"wgan_gp": Case(steps=3, not_falling="a critic and a generator play against each other")}
