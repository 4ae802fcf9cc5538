"""Reading model files: whole, of a bounded size, and without leaving the model's folder.

Input: a path. Output: a model whose own functions are inlined and whose tensors are in memory.
"""

from __future__ import annotations

from onnx import ModelProto, inliner


def inlined(model: ModelProto) -> ModelProto:
    """The model without functions of its own."""
    return inliner.inline_local_functions(model) if model.functions else model
