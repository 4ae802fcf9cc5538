"""What convolutions and pooling share: the settings of sliding windows, with padding worked out.

Input: attributes such as `strides`, `pads`, `dilations`, `auto_pad`. Output: numbers for the spec.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from treadle.interop.onnx.importing.node import Node
from treadle.types import DimLike


@dataclass(frozen=True)
class Sliding:
    """Windows over the axes after the channels; `pads` are [before, after] per axis."""

    size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]

    def settings(self, **more: Any) -> dict[str, Any]:
        """Arguments of a call of the library, those at their defaults left out."""
        stride = None if set(self.stride) == {1} else single(self.stride)
        dilation = None if set(self.dilation) == {1} else single(self.dilation)
        return {"stride": stride, "padding": padding(self.pads), "dilation": dilation, **more}


def sliding(node: Node, size: Sequence[int], image: int = 0) -> Sliding:
    """The windows of a node over its operand `image`."""
    count = len(size)
    stride = tuple(node.ints("strides", None) or [1] * count)
    dilation = tuple(node.ints("dilations", None) or [1] * count)
    lengths = node.shape(image)[2:]
    return Sliding(tuple(size), stride, dilation, _pads(node, lengths, size, stride, dilation))


def _pads(
    node: Node,
    lengths: Sequence[DimLike],
    size: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
) -> tuple[tuple[int, int], ...]:
    way, count = node.text("auto_pad", "NOTSET"), len(size)
    if way in ("NOTSET", ""):
        return ends(node.ints("pads", None) or [0] * (2 * count))
    if way == "VALID":
        return ((0, 0),) * count
    totals = [
        _same(node, n, s, d * (k - 1) + 1) for n, k, s, d in zip(lengths, size, stride, dilation, strict=True)
    ]
    return tuple([shared(total, upper=way == "SAME_UPPER") for total in totals])


def _same(node: Node, length: DimLike, stride: int, reach: int) -> int:
    """How much padding makes one window for every `stride` elements."""
    if stride == 1:
        return reach - 1
    if not isinstance(length, int):
        return int(node.refuse("`auto_pad` of an axis whose size is known by name only"))
    return max((-(-length // stride) - 1) * stride + reach - length, 0)


def shared(total: int, *, upper: bool) -> tuple[int, int]:
    """Padding on both sides, the larger half behind if `upper`, else before."""
    small = total // 2
    return (small, total - small) if upper else (total - small, small)


def ends(flat: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """[before, before, ..., after, after, ...] as pairs."""
    count = len(flat) // 2
    return tuple(zip(flat[:count], flat[count:], strict=True))


def padding(pads: Sequence[tuple[int, int]]) -> Any:
    """Padding as short as the library takes it: none, a number, one per axis, or pairs."""
    if all(low == high for low, high in pads):
        lows = [low for low, _ in pads]
        return None if set(lows) <= {0} else single(lows)
    return [list(pair) for pair in pads]


def single(values: Sequence[int]) -> Any:
    """One number for all axes if they are equal."""
    return values[0] if len(set(values)) == 1 else list(values)


def fixed(node: Node, sizes: Sequence[DimLike], what: str) -> list[int]:
    """Sizes that must be numbers."""
    known = [size for size in sizes if isinstance(size, int)]
    if len(known) < len(sizes):
        node.refuse(f"{what} of a size that is known by name only")
    return known
