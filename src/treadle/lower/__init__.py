"""Lowering: an optimised graph with static shapes becomes kernels, a buffer plan and a list of calls."""
