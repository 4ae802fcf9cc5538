"""Generative models."""

from gallery.case import Case

TWO_PLAYERS = "two networks play against each other"

CASES = {
    "conditional_gan": Case(steps=4, not_falling=TWO_PLAYERS),
    "dcgan": Case(steps=3, not_falling=TWO_PLAYERS),
    "diffusion": Case(steps=6),
    "gan": Case(steps=4, not_falling=TWO_PLAYERS),
    "inception_score": Case(steps=3, not_falling=TWO_PLAYERS),
    "mode_collapse": Case(steps=10, not_falling=TWO_PLAYERS),
    "realnvp": Case(steps=30),
    "wgan": Case(steps=3, not_falling=TWO_PLAYERS),
    "wgan_gp": Case(steps=3, not_falling=TWO_PLAYERS),
}
