"""The library of the language, written in the language: layers, losses, optimizers, schedules and more."""
