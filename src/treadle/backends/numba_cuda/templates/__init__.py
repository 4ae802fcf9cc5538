"""Hand-made kernels for products: matrix product and convolution, on ordinary units and tensor cores."""

from treadle.backends.numba_cuda.templates.conv import conv_steps
from treadle.backends.numba_cuda.templates.gemm import matmul_steps

__all__ = ["conv_steps", "matmul_steps"]
