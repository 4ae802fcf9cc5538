"""PyTorch on a GPU with `torch.compile`, as a module of the peer benchmark."""

from torch_cuda_peer import on_device
from torch_peer import build_compile, preload_compile

preload_compile()
build = on_device(build_compile)
