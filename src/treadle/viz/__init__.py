"""Pictures: graphs forward, backward and twice differentiated, kernels, memory."""

from treadle.viz.draw import FORMATS, WHATS, Drawing, Wish, draw, picture_bytes, picture_text
from treadle.viz.scene import What
from treadle.viz.subject import subject_of

__all__ = [
    "FORMATS",
    "WHATS",
    "Drawing",
    "What",
    "Wish",
    "draw",
    "picture_bytes",
    "picture_text",
    "subject_of",
]
