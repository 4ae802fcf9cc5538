"""What compiled kernels can compute with, checked before anything is lowered.

Input: a graph. Output: nothing, or an error that points at the offending line of the spec.
"""

from __future__ import annotations

from treadle.errors import fail
from treadle.ir import Graph, Node


def check_support(graph: Graph, device: str) -> None:
    """Refuses what has no compiled form, in scan bodies too; `device` is what the user calls the backend.

    Raises:
        TreadleError: E1103 for an op that kernels do not know.
    """
    for node in graph:
        if node.op == "grad":
            _refuse(node, "grad nodes; gradients must be expanded first", device)
        if node.op == "scan":
            check_support(node.attrs["body"], device)


def _refuse(node: Node, what: str, device: str) -> None:
    fail("E1103", f"the {device} backend does not compute with {what}", node.span)
