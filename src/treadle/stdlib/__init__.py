"""The library of the language, written in the language: layers, losses, metrics, optimizers, schedules, initialisers."""
