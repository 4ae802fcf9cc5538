"""The intermediate representation: a typed, scoped, spanned graph of ops."""

from treadle.ir.builder import Builder
from treadle.ir.graph import RNG_INPUT, STEP_INPUT, Graph
from treadle.ir.node import Node
from treadle.ir.rewrite import bind, copy_node, rewrite

__all__ = ["RNG_INPUT", "STEP_INPUT", "Builder", "Graph", "Node", "bind", "copy_node", "rewrite"]
