"""From spec text to a graph: parse, resolve, elaborate."""
