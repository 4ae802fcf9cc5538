"""What CPU kernels can compute with, checked before anything is lowered.

Input: a graph. Output: nothing, or an error that points at the offending line of the spec.
"""

from __future__ import annotations

from treadle.errors import fail
from treadle.ir import Graph, Node
from treadle.types import DType, TensorType

ELEMENT_TYPES = frozenset({DType.F32, DType.F64, DType.I64, DType.I32, DType.U8, DType.BOOL})


def check_support(graph: Graph) -> None:
    """Refuses what has no CPU form, in scan bodies too.

    Raises:
        TreadleError: E1103 for an element type or an op that CPU kernels do not know.
    """
    for node in graph:
        if node.op == "grad":
            _refuse(node, "grad nodes; gradients must be expanded first")
        if node.op == "scan":
            check_support(node.attrs["body"])
        results = node.result if isinstance(node.result, tuple) else (node.result,)
        for result in results:
            _check_type(node, result)


def _check_type(node: Node, type_: TensorType) -> None:
    if type_.dtype not in ELEMENT_TYPES:
        _refuse(node, f"{type_.dtype} ({node.op} gives {type_})")


def _refuse(node: Node, what: str) -> None:
    message = f"the cpu backend does not compute with {what}"
    fail("E1103", message, node.span, hint="use f32 there, or run with `--backend numpy`")
