"""Limits how deep a syntax tree may be, so that later stages can follow it by recursion.

Stage: after `transform`. Input: a spec. Raises E0903; changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend.ast import children

if TYPE_CHECKING:
    from treadle.frontend.ast import Node, Spec

MAX_DEPTH = 200


def check_depth(spec: Spec) -> None:
    """Raise TreadleError (E0903) when a node lies more than `MAX_DEPTH` levels below the file."""
    stack: list[tuple[Node, int]] = [(spec, 0)]
    while stack:
        node, depth = stack.pop()
        if depth > MAX_DEPTH:
            message = f"this expression and the blocks around it are more than {MAX_DEPTH} levels deep"
            fail("E0903", message, node.span, hint="give parts of it names, or build it with a loop")
        stack.extend((child, depth + 1) for child in children(node))
