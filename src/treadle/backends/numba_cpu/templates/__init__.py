"""Hand-designed kernels (matrix product, convolution) as generators of kernel source text."""
