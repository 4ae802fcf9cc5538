"""What compiled kernels can compute with, checked before anything is lowered.

Input: a graph. Output: nothing, or an error that points at the offending line of the spec.
"""

from __future__ import annotations

from treadle.errors import fail
from treadle.ir import Graph, Node
from treadle.types import DType, TensorType

ELEMENT_TYPES = frozenset({DType.F32, DType.F64, DType.I64, DType.I32, DType.U8, DType.BOOL})


def check_support(graph: Graph, device: str) -> None:
    """Refuses what has no compiled form, in scan bodies too; `device` is what the user calls the backend.

    Raises:
        TreadleError: E1103 for an element type or an op that kernels do not know.
    """
    for node in graph:
        if node.op == "grad":
            _refuse(node, "grad nodes; gradients must be expanded first", device)
        if node.op == "scan":
            check_support(node.attrs["body"], device)
        results = node.result if isinstance(node.result, tuple) else (node.result,)
        for result in results:
            _check_type(node, result, device)


def _check_type(node: Node, type_: TensorType, device: str) -> None:
    if type_.dtype not in ELEMENT_TYPES:
        _refuse(node, f"{type_.dtype} ({node.op} gives {type_})", device)


def _refuse(node: Node, what: str, device: str) -> None:
    message = f"the {device} backend does not compute with {what}"
    fail("E1103", message, node.span, hint="use f32 there, or run with `--device numpy`")
