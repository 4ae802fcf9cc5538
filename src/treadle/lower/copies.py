"""Kernels that copy a tensor from one storage to another."""

from __future__ import annotations

from contextlib import ExitStack
from math import prod

from treadle.ir import Node
from treadle.loops import Kind
from treadle.lower.emitter import Emitter
from treadle.lower.nest import Operands
from treadle.lower.plan import KernelCall
from treadle.lower.storage import Storage


def copy_call(source: Storage, target: Storage, node: Node | None = None) -> KernelCall:
    """A call that copies all elements; the shapes are equal, the strides may differ."""
    operands = Operands()
    emitter = Emitter(lambda *_: None, {})
    with ExitStack() as loops:
        indices = tuple(loops.enter_context(emitter.loop(n, Kind.PARALLEL)) for n in target.shape)
        value = operands.load(source, indices, target.buffer.dtype)
        emitter.add(operands.store(target, indices, value))
    return operands.call("copy", emitter.body, prod(target.shape), () if node is None else (node,))
