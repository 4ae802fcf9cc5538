"""Recurrent networks."""

import math

from gallery.case import Case

CASES = {"char_lstm": Case(steps=12, below=math.log(65))}
