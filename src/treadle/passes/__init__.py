"""Passes: graph to graph, one file each; the file's name is the pass's name. `order.py` holds their order."""
