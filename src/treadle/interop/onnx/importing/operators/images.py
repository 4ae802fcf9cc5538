"""Operators on images: rearranging, cutting, sampling at positions."""

from __future__ import annotations

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.operators.windows import ends, fixed, padding, single
from treadle.interop.onnx.importing.registry import operator
from treadle.interop.onnx.importing.terms import Term, call


@operator("DepthToSpace")
def depth_to_space(node: Node) -> Term:
    """Channels as pixels of a finer image; in mode DCR the pixels are the slower ones of the channels."""
    block = node.int("blocksize")
    if node.text("mode", "DCR") == "CRD":
        return call("pixel_shuffle", node[0], block)
    return call("depth_to_space", node[0], block)


@operator("SpaceToDepth")
def space_to_depth(node: Node) -> Term:
    """Pixels as channels of a coarser image; in mode DCR the pixels are the slower ones of the channels."""
    function = "pixel_unshuffle" if node.text("mode", "DCR") == "CRD" else "space_to_depth"
    return call(function, node[0], node.int("blocksize"))


@operator("CenterCropPad")
def center_crop_pad(node: Node) -> Term:
    """The middle of axes, cut or with zeros around."""
    axes = [axis % node.rank(0) for axis in node.ints("axes", list(range(node.rank(0))))]
    return call("centre", node[0], axes, [int(size) for size in node.numbers(1)])


@operator("Col2Im")
def col2im(node: Node) -> Term:
    """Columns added up in images."""
    shape, block = ([int(size) for size in node.numbers(index)] for index in (1, 2))
    stride = node.ints("strides", [1] * len(block))
    dilation = node.ints("dilations", [1] * len(block))
    return call(
        "fold",
        node[0],
        shape,
        block,
        stride=None if set(stride) == {1} else single(stride),
        padding=padding(ends(node.ints("pads", [0] * (2 * len(block))))),
        dilation=None if set(dilation) == {1} else single(dilation),
    )


_SAMPLING = {"linear": "bilinear", "cubic": "bicubic"}


@operator("GridSample")
def grid_sample(node: Node) -> Term:
    """Images read at positions."""
    mode = node.text("mode", "linear" if node.opset >= 20 else "bilinear")
    mode = _SAMPLING.get(mode, mode)
    outside = node.text("padding_mode", "zeros")
    return call(
        "grid_sample",
        node[0],
        node[1],
        mode=None if mode == "bilinear" else mode,
        outside=None if outside == "zeros" else outside,
        corners=True if node.flag("align_corners") else None,
    )


@operator("AffineGrid")
def affine_grid(node: Node) -> Term:
    """The positions of an image's elements, mapped."""
    size = [int(n) for n in node.numbers(1)]
    return call("affine_grid", node[0], size[2:], True if node.flag("align_corners") else None)


@operator("RoiAlign")
def roi_align(node: Node) -> Term:
    """Features within regions, read at some points of each part of a region."""
    if not node.int("sampling_ratio", 0):
        node.refuse("a number of points that depends on the size of the region (`sampling_ratio` 0)")
    moved = node.opset >= 16 and node.text("coordinate_transformation_mode", "half_pixel") == "half_pixel"
    return call(
        "region_features",
        node[0],
        node[1] * node.float("spatial_scale", 1.0),
        node[2],
        [node.int("output_height", 1), node.int("output_width", 1)],
        node.int("sampling_ratio"),
        half=moved,
        largest=True if node.text("mode", "avg") == "max" else None,
    )


@operator("DeformConv")
def deform_conv(node: Node) -> Term:
    """A convolution that reads its windows at moved positions."""
    if node.rank(0) != 4:
        node.refuse("other than images")
    fixed(node, [*node.shape(0)[2:], *node.shape(1)], "a deformable convolution")
    stride, dilation = node.ints("strides", [1, 1]), node.ints("dilations", [1, 1])
    groups, offsets = node.int("group", 1), node.int("offset_group", 1)
    y = call(
        "deformed_conv",
        node[0],
        node[1],
        node[2],
        mask=node[4] if node.has(4) else None,
        stride=None if set(stride) == {1} else single(stride),
        padding=padding(ends(node.ints("pads", [0, 0, 0, 0]))),
        dilation=None if set(dilation) == {1} else single(dilation),
        groups=None if groups == 1 else groups,
        offset_groups=None if offsets == 1 else offsets,
    )
    return y + call("channel_bias", node[3], 2) if node.has(3) else y
