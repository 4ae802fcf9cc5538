"""Pictures of graphs: forward, or forward and backward together, as dot, svg, png or pdf."""

from treadle.viz.draw import Drawing, draw, picture_text

__all__ = ["Drawing", "draw", "picture_text"]
