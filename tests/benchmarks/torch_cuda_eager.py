"""PyTorch on a GPU, eager, as a module of the peer benchmark."""

from torch_cuda_peer import on_device
from torch_peer import build_eager

build = on_device(build_eager)
