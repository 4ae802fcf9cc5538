"""Automatic differentiation, graph to graph, in reverse mode: `expand` is the stage, `reverse` the sweep."""
