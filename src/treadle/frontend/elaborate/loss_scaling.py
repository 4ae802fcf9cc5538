"""Dynamic loss scaling, for `precision f16`: what keeps small gradients above the least float16.

The loss is multiplied by a scale before gradients are taken, and the gradients are divided by it. Where one
of them overflows, the step is left out and the scale halved; after `PATIENCE` steps without that it is
doubled. Scale and count are states of the training, so that checkpoints keep them. Input: the loss, the
gradients and the updates of a phase. Output: updates that hold old values where a step is left out.

Source: Micikevicius et al., Mixed Precision Training, 2018, section 3.2.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from treadle.frontend.elaborate import convert, leaves
from treadle.frontend.elaborate.values import Tensor
from treadle.frontend.result import LeafInfo
from treadle.source import Span
from treadle.types import DType, TensorType

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator

FIRST = 2.0**16
LEAST, GREATEST = 1.0, 2.0**24
FACTOR = 2.0
PATIENCE = 1000


class LossScaling:
    """The loss scaling of one phase; `prefix` stands before the names of its states."""

    def __init__(self, el: Elaborator, prefix: str, span: Span) -> None:
        self.el = el
        self.span = span
        self.scale = self._state(f"{prefix}loss_scale", FIRST, DType.F32)
        self.good = self._state(f"{prefix}loss_scale.good_steps", 0, DType.I32)
        self.finite: list[Tensor] = []

    def scaled(self, loss: Tensor) -> Tensor:
        """The loss that gradients are taken of."""
        with self.el.at(self.span):
            return self.el.op("mul", loss, self.scale)

    def unscaled(self, gradient: Tensor) -> Tensor:
        """A gradient of the loss itself; notes whether it is finite."""
        with self.el.at(self.span):
            axes = tuple(range(gradient.type.rank))
            lost = self.el.op("logical_not", self.el.op("is_finite", gradient))
            count = self.el.op("sum", self._number(lost), axes=axes, keepdims=False)
            self.finite.append(self.el.op("eq", count, self._constant(0, DType.I32)))
            return self.el.op("div", gradient, self.scale)

    def finish(self) -> None:
        """Keeps old values, also those of layer states, where a gradient is not finite; adds both states."""
        with self.el.at(self.span):
            finite = reduce(lambda a, b: self.el.op("logical_and", a, b), self.finite)
            updates, kept = self.el.root.graph.updates, self.el.root.graph.leaves()
            for name, node in list(updates.items()):
                new, old = self.el.root.tensor(node), self.el.root.tensor(kept[name])
                updates[name] = self.el.op("where", finite, new, old).node
            self._adapt(finite)

    def _adapt(self, finite: Tensor) -> None:
        op, updates = self.el.op, self.el.root.graph.updates
        count = op("add", self.good, self._constant(1, DType.I32))
        is_long = op("ge", count, self._constant(PATIENCE, DType.I32))
        grown = op("minimum", op("mul", self.scale, self._constant(FACTOR)), self._constant(GREATEST))
        shrunk = op("maximum", op("div", self.scale, self._constant(FACTOR)), self._constant(LEAST))
        scale = op("where", finite, op("where", is_long, grown, self.scale), shrunk)
        starts_again = op("logical_or", is_long, op("logical_not", finite))
        updates[self.scale.node.attrs["name"]] = scale.node
        good = op("where", starts_again, self._constant(0, DType.I32), count)
        updates[self.good.node.attrs["name"]] = good.node

    def _number(self, condition: Tensor) -> Tensor:
        return self.el.op("cast", condition, dtype=DType.I32)

    def _constant(self, value: float, dtype: DType = DType.F32) -> Tensor:
        return convert.to_tensor(self.el, value, self.span, dtype)

    def _state(self, name: str, initial: float, dtype: DType) -> Tensor:
        el = self.el
        leaves.add_leaf(el, LeafInfo(name, TensorType(dtype, ()), "state", "", self.span, False, "other"))
        with el.inside(el.init), el.at(self.span):
            el.init.graph.outputs[name] = convert.to_tensor(el, initial, self.span, dtype).node
        return el.root.tensor(el.root.graph.states[name])
