"""The loop IR: kernels as loop nests over buffers, neutral to the target that runs them."""

from treadle.loops.expr import Call, Const, Expr, Guard, Load, Position, Var
from treadle.loops.index import Index, Size, SizeLike
from treadle.loops.kernel import (
    Accumulate,
    Assign,
    Barrier,
    BufferParam,
    For,
    If,
    Kernel,
    Kind,
    Let,
    Statement,
    Store,
)
from treadle.loops.text import kernel_text

__all__ = [
    "Accumulate",
    "Assign",
    "Barrier",
    "BufferParam",
    "Call",
    "Const",
    "Expr",
    "For",
    "Guard",
    "If",
    "Index",
    "Kernel",
    "Kind",
    "Let",
    "Load",
    "Position",
    "Size",
    "SizeLike",
    "Statement",
    "Store",
    "Var",
    "kernel_text",
]
