"""The compiled GPU backend: loop IR and templates become CUDA kernels by numba-cuda, launched as one graph."""
