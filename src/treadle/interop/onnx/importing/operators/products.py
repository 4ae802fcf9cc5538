"""Products of matrices."""

from __future__ import annotations

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.registry import operator
from treadle.interop.onnx.importing.terms import Term, call
from treadle.types import DType


@operator("MatMul")
def matmul(node: Node) -> Term:
    """The product of matrices; leading axes broadcast."""
    return product(node[0], node[1], node.dtype(0))


def product(left: Term, right: Term, dtype: DType) -> Term:
    """left @ right; that of integers is exact up to 2^53."""
    if dtype.is_float:
        return left @ right
    return call("cast", call("cast", left, DType.F64) @ call("cast", right, DType.F64), dtype)


@operator("Gemm")
def gemm(node: Node) -> Term:
    """alpha A B + beta C, with A and B transposed on demand."""
    left = call("transpose", node[0]) if node.flag("transA") else node[0]
    right = call("transpose", node[1]) if node.flag("transB") else node[1]
    result = scaled(product(left, right, node.dtype(0)), node.float("alpha", 1.0))
    return result + scaled(node[2], node.float("beta", 1.0)) if node.has(2) else result


def scaled(value: Term, factor: float) -> Term:
    """factor * value, without a factor of 1."""
    return value if factor == 1 else factor * value


@operator("Einsum")
def einsum(node: Node) -> Term:
    """Sums of products, by a pattern."""
    return call("einsum", node.text("equation").replace(" ", ""), *node.terms)
