"""Graphs: one large graph at once, batches of small ones, links."""

import math

from gallery.case import Case

CASES = {
    "gat": Case(steps=20, below=math.log(7)),
    "gcn": Case(steps=20, below=math.log(7)),
    "graph_classification": Case(steps=20),
    "graph_regression": Case(steps=20),
    "link_prediction": Case(steps=60, below=2 * math.log(2)),
    "message_passing": Case(steps=20, below=math.log(7)),
}
