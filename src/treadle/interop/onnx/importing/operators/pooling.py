"""Operators: pooling over the axes after the channels."""

from __future__ import annotations

from typing import Any

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.operators.windows import fixed, single, sliding
from treadle.interop.onnx.importing.registry import operator
from treadle.interop.onnx.importing.terms import Term, call
from treadle.types import DType


def _settings(node: Node) -> tuple[Any, dict[str, Any]]:
    """The size of the windows, and arguments; the library's stride is the size unless given, and two axes."""
    windows = sliding(node, node.ints("kernel_shape"))
    stride = None if windows.stride == windows.size else single(windows.stride)
    more = {"stride": stride, "ceil_mode": True if node.flag("ceil_mode") else None, "count": _count(node)}
    return single(windows.size), windows.settings() | more


def _count(node: Node) -> int | None:
    count = node.rank(0) - 2
    return None if count == 2 else count


@operator("MaxPool")
def max_pool(node: Node) -> Any:
    """The largest element of each window, and its position in the whole operand."""
    size, settings = _settings(node)
    if not node.dtype(0).is_float:
        return _integer_pool(node, size, settings)
    value = call("max_pool", node[0], size, **settings)
    if not node.wants(1):
        return value
    return value, _whole_positions(node, call("max_pool_positions", node[0], size, **settings))


def _integer_pool(node: Node, size: Any, settings: dict[str, Any]) -> Term:
    if node.wants(1):
        node.refuse("positions in integers")
    return call("cast", call("max_pool", call("cast", node[0], DType.F64), size, **settings), node.dtype(0))


def _whole_positions(node: Node, places: Term) -> Term:
    """Positions among the last axes, as positions in the whole tensor."""
    side, lengths = node.shape(0)[:2], node.shape(0)[2:]
    area = call("prod", list(lengths))
    if node.flag("storage_order"):
        if len(lengths) != 2:
            node.refuse("`storage_order` of other than two axes")
        places = node.let(places)
        places = places % lengths[1] * lengths[0] + places // lengths[1]
    images = call("reshape", call("positions", side[0] * side[1]), [*side, *[1] * len(lengths)])
    return places + images * area


@operator("AveragePool")
def average_pool(node: Node) -> Term:
    """The mean of each window; padding does not count unless `count_include_pad`."""
    size, settings = _settings(node)
    pads = settings["padding"] is not None or settings["ceil_mode"] is not None
    aside = False if pads and not node.flag("count_include_pad") else None
    return call("avg_pool", node[0], size, count_padding=aside, **settings)


@operator("LpPool")
def lp_pool(node: Node) -> Term:
    """(sum |x|^p)^(1 / p) of each window."""
    size, settings = _settings(node)
    return call("power_pool", call("abs", node[0]), node.int("p", 2), size, **settings)


def _global(node: Node, reduction: str, x: Term, **more: Any) -> Term:
    return call(reduction, x, axis=list(range(2, node.rank(0))), keepdims=True, **more)


@operator("GlobalAveragePool")
def global_average_pool(node: Node) -> Term:
    """The mean of each channel; axes stay."""
    return _global(node, "mean", node[0])


@operator("GlobalMaxPool")
def global_max_pool(node: Node) -> Term:
    """The largest element of each channel; axes stay."""
    return _global(node, "max", node[0])


@operator("GlobalLpPool")
def global_lp_pool(node: Node) -> Term:
    """(sum |x|^p)^(1 / p) of each channel; axes stay."""
    return _global(node, "norm", node[0], power=node.int("p", 2))


@operator("MaxUnpool")
def max_unpool(node: Node) -> Term:
    """Elements at the positions that `MaxPool` found; zeros elsewhere, also behind if a size is given."""
    windows = sliding(node, node.ints("kernel_shape"))
    lengths = fixed(node, node.shape(0)[2:], "unpooling")
    size = [
        (n - 1) * s - low - high + k
        for n, s, k, (low, high) in zip(lengths, windows.stride, windows.size, windows.pads, strict=True)
    ]
    y = call("max_unpool", node[0], node[1] % call("prod", size), size)
    if not node.has(2):
        return y
    wanted = [int(n) for n in node.numbers(2)][2:]
    more = [out - n for out, n in zip(wanted, size, strict=True)]
    axes = list(range(2, node.rank(0)))
    return call("pad", y, [0] * len(more), more, axis=axes) if any(more) else y
