"""Operators that draw random numbers: other ones in each run."""

from __future__ import annotations

from typing import Any

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.registry import operator
from treadle.interop.onnx.importing.terms import Term, call
from treadle.types import DimLike, DType


@operator("Dropout")
def dropout(node: Node) -> Any:
    """Some elements zero while training; nothing happens otherwise."""
    if node.opset < 12:
        rate = node.float("ratio", 0.5)
    else:
        rate = float(str(node.number(1))) if node.has(1) else 0.5
        if node.has(2) and bool(node.number(2)) and rate > 0:
            node.refuse("draws while not training (`training_mode` is set)")
    y = call("dropout", rate)(node[0]) if 0 < rate < 1 else node.value(0)
    if not node.wants(1):
        return y
    dtype = DType.BOOL if node.opset >= 10 else node.dtype(0)
    return y, call("full", list(node.shape(0)), True if dtype is DType.BOOL else 1, dtype)


@operator("RandomNormal")
def random_normal(node: Node) -> Term:
    """Numbers from a normal distribution."""
    return _normal(node, node.ints("shape"), node.dtype_attribute("dtype", DType.F32))


@operator("RandomNormalLike")
def random_normal_like(node: Node) -> Term:
    """As many as the operand has."""
    return _normal(node, node.shape(0), node.dtype_attribute("dtype", node.dtype(0)))


def _normal(node: Node, shape: Any, dtype: DType) -> Term:
    drawn = call("random_normal", list(shape)) * node.float("scale", 1.0) + node.float("mean", 0.0)
    return _as(drawn, dtype)


@operator("RandomUniform")
def random_uniform(node: Node) -> Term:
    """Numbers between two bounds, all equally likely."""
    return _uniform(node, node.ints("shape"), node.dtype_attribute("dtype", DType.F32))


@operator("RandomUniformLike")
def random_uniform_like(node: Node) -> Term:
    """As many as the operand has."""
    return _uniform(node, node.shape(0), node.dtype_attribute("dtype", node.dtype(0)))


def _uniform(node: Node, shape: Any, dtype: DType) -> Term:
    low, high = node.float("low", 0.0), node.float("high", 1.0)
    return _as(call("random_uniform", list(shape)) * (high - low) + low, dtype)


@operator("Bernoulli")
def bernoulli(node: Node) -> Term:
    """1 with the probabilities of the operand, else 0."""
    shape: list[DimLike] = list(node.shape(0))
    return call("cast", call("random_uniform", shape) < node[0], node.dtype_attribute("dtype", node.dtype(0)))


def _as(drawn: Term, dtype: DType) -> Term:
    return drawn if dtype is DType.F32 else call("cast", drawn, dtype)
