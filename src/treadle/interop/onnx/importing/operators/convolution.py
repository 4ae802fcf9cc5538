"""Operators: convolutions."""

from __future__ import annotations

from typing import Any

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.operators.windows import Sliding, fixed, padding, shared, single, sliding
from treadle.interop.onnx.importing.registry import operator
from treadle.interop.onnx.importing.terms import Term, call
from treadle.interop.onnx.importing.values import Array
from treadle.types import DType


@operator("Conv")
def conv(node: Node) -> Term:
    """Cross-correlation with filters [F, C / group, ...], and a bias per channel."""
    settings = _windows(node).settings(groups=_groups(node))
    weights = _weights(node)
    if weights is not None:
        return _layer(node, "conv", weights["W"].shape[0], weights, settings)
    return _biased(node, call("conv", node[0], node[1], **settings))


def _weights(node: Node) -> dict[str, Array] | None:
    """The weights as a layer's own, if it may have them."""
    filters, bias = node.weight(1), node.weight(2)
    if filters is None or (node.has(2) and bias is None):
        return None
    return {"W": filters} if bias is None else {"W": filters, "b": bias}


def _layer(node: Node, name: str, channels: int, weights: dict[str, Array], settings: dict[str, Any]) -> Term:
    """A layer of the library; over one axis its settings are numbers, of the padding a pair."""
    kernel = weights["W"].shape[2:]
    if len(kernel) == 1 and isinstance(settings["padding"], list):
        settings = settings | {"padding": settings["padding"][0]}
    built = call(
        f"{name}{len(kernel)}d", channels, single(kernel), bias=None if "b" in weights else False, **settings
    )
    return node.layer(built, weights, node[0])


@operator("ConvInteger")
def conv_integer(node: Node) -> Term:
    """Convolution of integers less their zero points; in float64, which holds the sums exactly."""
    x, w = (_shifted(node, index, index + 2) for index in range(2))
    y = call("conv", x, w, **_windows(node).settings(groups=_groups(node)))
    return call("cast", y, DType.I32)


def _shifted(node: Node, index: int, zero: int) -> Term:
    x = call("cast", node[index], DType.F64)
    if not node.has(zero):
        return x
    base = call("cast", node[zero], DType.F64)
    if node.rank(zero) == 1 and index == 1:  # one for each filter
        base = call("reshape", base, [-1] + [1] * (node.rank(1) - 1))
    return x - base


@operator("ConvTranspose")
def conv_transpose(node: Node) -> Term:
    """The transposed convolution with filters [C, F / group, ...]."""
    windows = _windows(node)
    count = len(windows.size)
    extra = node.ints("output_padding", None) or [0] * count
    pads = windows.pads
    if node.given("output_shape"):
        pads, extra = _towards(node, windows, extra, node.ints("output_shape")[-count:])
    elif node.text("auto_pad", "NOTSET").startswith("SAME"):
        lengths = fixed(node, node.shape(0)[2:], "`auto_pad`")
        wanted = [n * s for n, s in zip(lengths, windows.stride, strict=True)]
        pads, extra = _towards(node, windows, extra, wanted)
    settings: dict[str, Any] = windows.settings(groups=_groups(node)) | {
        "padding": padding(pads),
        "extra": single(extra) if any(extra) else None,
    }
    weights = _weights(node)
    if weights is not None and not (count == 1 and isinstance(settings["padding"], list)):
        channels = weights["W"].shape[1] * node.int("group", 1)
        return _layer(node, "conv_transpose", channels, weights, settings)
    return _biased(node, call("conv_transpose", node[0], node[1], **settings))


def _towards(
    node: Node, windows: Sliding, extra: list[int], wanted: list[int]
) -> tuple[tuple[tuple[int, int], ...], list[int]]:
    """Padding, and what is added at the ends, for an output of the wanted size."""
    upper = node.text("auto_pad", "NOTSET") == "SAME_UPPER"
    lengths = fixed(node, node.shape(0)[2:], "`output_shape`")
    reaches = [d * (k - 1) + 1 for k, d in zip(windows.size, windows.dilation, strict=True)]
    totals = [
        s * (n - 1) + more + reach - out
        for n, s, reach, more, out in zip(lengths, windows.stride, reaches, extra, wanted, strict=True)
    ]
    pads = tuple([shared(max(total, 0), upper=upper) for total in totals])
    return pads, [more + max(-total, 0) for more, total in zip(extra, totals, strict=True)]


def _windows(node: Node) -> Sliding:
    count = node.rank(0) - 2
    if count not in (1, 2, 3):
        node.refuse(f"a convolution over {count} axes")
    return sliding(node, fixed(node, node.shape(1)[2:], "filters"))


def _groups(node: Node) -> int | None:
    groups = node.int("group", 1)
    return None if groups == 1 else int(groups)


def _biased(node: Node, y: Term) -> Term:
    if not node.has(2):
        return y
    return y + call("channel_bias", node[2], node.rank(0) - 2)


@operator("CausalConvWithState")
def causal_conv(node: Node) -> tuple[Term, Term]:
    """A depthwise convolution over time that goes on from a past; gives the next past, too."""
    y, state = node.unpack(
        call("causal_depthwise", node[0], node[1], past=node[3] if node.has(3) else None), 2
    )
    if node.has(2):
        y = y + call("channel_bias", node[2], 1)
    activation = node.text("activation", "none")
    return (y if activation == "none" else call("silu", y)), state
