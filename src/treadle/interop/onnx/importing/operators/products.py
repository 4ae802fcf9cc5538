"""Products of matrices."""

from __future__ import annotations

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.registry import operator
from treadle.interop.onnx.importing.terms import Term, call
from treadle.interop.onnx.importing.values import Array
from treadle.types import DType


@operator("MatMul")
def matmul(node: Node) -> Term:
    """The product of matrices; leading axes broadcast. By a weight that nothing else uses: a dense layer."""
    weight = node.weight(1)
    if weight is not None and weight.ndim == 2 and node.rank(0) >= 2 and node.dtype(0) is DType.F32:
        return dense(node, weight, node.absorb("Add", (weight.shape[1],)))
    return product(node[0], node[1], node.dtype(0))


def dense(node: Node, weight: Array, bias: Array | None) -> Term:
    """x W + b as a layer of the library."""
    weights = {"W": weight} if bias is None else {"W": weight, "b": bias}
    built = call("dense", weight.shape[1], bias=None if bias is not None else False)
    return node.layer(built, weights, node[0])


def product(left: Term, right: Term, dtype: DType) -> Term:
    """left @ right; that of integers is exact up to 2^53."""
    if dtype.is_float:
        return left @ right
    return call("cast", call("cast", left, DType.F64) @ call("cast", right, DType.F64), dtype)


@operator("Gemm")
def gemm(node: Node) -> Term:
    """alpha A B + beta C, with A and B transposed on demand."""
    weight, bias = node.weight(1), node.weight(2)
    units = None if weight is None else weight.shape[0 if node.flag("transB") else 1]
    plain = not node.flag("transA") and node.float("alpha", 1.0) == node.float("beta", 1.0) == 1
    fitting = not node.has(2) or (bias is not None and bias.shape == (units,))
    if plain and weight is not None and fitting and node.dtype(0) is DType.F32:
        return dense(node, weight.T if node.flag("transB") else weight, bias)
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
    return call("einsum", explicit(node.text("equation").replace(" ", "")), *node.terms)


def explicit(pattern: str) -> str:
    """A pattern with its result, which are otherwise the letters that stand once, in their order."""
    if "->" in pattern:
        return pattern
    letters = sorted(letter for letter in set(pattern) - set(".,") if pattern.count(letter) == 1)
    return f"{pattern}->{'...' if '...' in pattern else ''}{''.join(letters)}"
