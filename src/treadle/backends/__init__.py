"""Backends: independent ways to run an optimised graph."""
