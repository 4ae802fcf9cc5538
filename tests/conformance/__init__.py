"""Conformance: frozen inputs, results and gradients of another framework against what Treadle computes.

A case becomes the text of a spec, which the real pipeline compiles and runs; nothing here computes an
expected value. `python -m tests.conformance --data DIR` runs a folder; docs/conformance.md tells more.
"""
