"""All element rules. Importing this module fills `emitter.RULES`; what has no rule there must be stored
before it is used.

Each rule says what one element of a node is, in terms of elements of its operands; so a chain of such nodes
becomes one expression inside whatever loop needs it. A new primitive gets its rule in the module of its
family, or, if it cannot be computed element by element, a kernel of its own as in `sweeps.py`.
"""

from __future__ import annotations

from treadle.ir import Node
from treadle.lower import elementwise, gather, random, structure, windows
from treadle.lower.emitter import RULES

FAMILIES = (elementwise, structure, windows, gather, random)


def is_inlinable(node: Node) -> bool:
    """Whether a node may be computed inside the loops of its users."""
    return node.op in RULES
