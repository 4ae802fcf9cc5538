"""2-D convolution, NCHW by FCKK, and its two gradients, as generated kernels.

Input: an element type and a `ConvGeometry`. Output: `Plan`s with roles x, w, y (forward), dy, w, dx (input
gradient), x, dy, dw (filter gradient), scratch, table and the epilogue's names. Tensors are contiguous.
Method: implicit matrix products; operands are read through tables of offsets from the (padded) image, nothing
is unfolded. Many outputs lie along the vector, few outputs give way to pixels along the vector. Results do
not depend on the number of parts: the filter gradient sums the batch in a number of chunks that depends on
sizes only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from treadle.backends.numba_cpu.templates.conv_filter_grad import conv_filter_grad_plan
from treadle.backends.numba_cpu.templates.conv_product import ConvProduct
from treadle.backends.numba_cpu.templates.depthwise import (
    depthwise_input_grad_plan,
    depthwise_plan,
    is_depthwise,
)
from treadle.backends.numba_cpu.templates.epilogue import Epilogue
from treadle.backends.numba_cpu.templates.geometry import (
    ConvGeometry,
    forward_correlation,
    input_grad_correlations,
)
from treadle.backends.numba_cpu.templates.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ConvGeometry", "conv_filter_grad_plan", "conv_input_grad_plan", "conv_plan"]


def conv_plan(dtype: str, geometry: ConvGeometry, parts: int, epilogue: Epilogue | None = None) -> Plan:
    """Return y[n, f, p] = epilogue(sum of x * w); rows of the epilogue are filters, columns pixels."""
    if is_depthwise(geometry):
        return depthwise_plan(dtype, geometry, parts, epilogue or Epilogue())
    correlation = forward_correlation(geometry)
    product = ConvProduct(
        dtype=dtype,
        geometry=geometry,
        correlation=correlation,
        epilogue=epilogue or Epilogue(),
        roles=("x", "y"),
        plane=geometry.out_height * geometry.out_width,
        weight_group=geometry.group_filters * correlation.taps.size,
    )
    return _plan([product], parts)


def conv_input_grad_plan(dtype: str, geometry: ConvGeometry, parts: int) -> Plan:
    """Return dx from dy and w; also what is called a transposed convolution."""
    if is_depthwise(geometry):
        return depthwise_input_grad_plan(dtype, geometry, parts)
    area = geometry.kernel[0] * geometry.kernel[1]
    products = [
        ConvProduct(
            dtype=dtype,
            geometry=geometry,
            correlation=correlation,
            epilogue=Epilogue(),
            roles=("dy", "dx"),
            plane=geometry.height * geometry.width,
            weight_group=geometry.group_filters * geometry.group_channels * area,
        )
        for correlation in input_grad_correlations(geometry)
    ]
    return _plan([product for product in products if product.correlation.pixels.size], parts)


def _plan(products: Sequence[ConvProduct], parts: int) -> Plan:
    """Return the products one after the other; they share scratch, their tables lie end to end."""
    tables = [product.table() for product in products]
    begins = np.cumsum([0] + [table.size for table in tables[:-1]])
    steps = [
        step for product, at in zip(products, begins, strict=True) for step in product.steps(int(at), parts)
    ]
    scratch = max(product.scratch_bytes(parts) for product in products)
    return Plan(tuple(steps), scratch, np.concatenate(tables))
