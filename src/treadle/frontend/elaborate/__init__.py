"""Elaboration: expands a parsed spec into graphs.

Input: syntax trees. Output: `ModelGraph`, `TrainPlan` (see `result`). Compile-time values are computed, loops
unrolled, layers built and named, initial values and optimizer updates turned into graphs. Non-goals:
differentiation, passes.
"""
