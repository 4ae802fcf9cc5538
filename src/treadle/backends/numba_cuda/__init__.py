"""The compiled GPU backend: loop IR and templates become CUDA kernels, launched as one graph."""
