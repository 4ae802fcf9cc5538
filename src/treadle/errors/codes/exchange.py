"""E13xx: exchange with other tools."""

from __future__ import annotations

from treadle.errors.codes.info import CodeInfo

CODES = [
    CodeInfo(
        "E1301",
        "no form in the other format",
        "The model uses an operation that the format has no word for, such as linear systems in ONNX. "
        "What a model computes in training only is no obstacle: inference is exported.",
        "output y = solve(a, b)          # wrong in ONNX\noutput y = a @ b               # right",
    ),
    CodeInfo(
        "E1302",
        "package for the format is missing",
        "Formats of other tools are written by their own packages, which Treadle does not need otherwise.",
        "pip install 'treadle[onnx]'",
    ),
    CodeInfo(
        "E1303",
        "no whole model",
        "The file is damaged or contradicts itself: it is cut off, a node uses what nothing before it "
        "defines, or its tensors lie in a file that is missing, too short or outside of the model's folder.",
        "treadle import half-of-a-download.onnx    # wrong\n"
        "treadle import model.onnx                 # right",
    ),
    CodeInfo(
        "E1304",
        "no form in Treadle",
        "The model uses an operator, an option of one or an element type that Treadle does not have; the "
        "message names the node. `docs/onnx.md` lists what can be imported.",
        "StringSplit `words` (opset 20)           # wrong: texts are no tensors here\n"
        "Gather `words` (opset 20)                # right: give the model numbers",
    ),
    CodeInfo(
        "E1305",
        "shapes depend on values",
        "A shape, an axis or a number of elements is computed from what the model is given at run time. In "
        "Treadle shapes depend on shapes alone. Fix the input that decides, and it becomes a constant of the "
        "spec.",
        "treadle import model.onnx                         # wrong\n"
        'treadle import model.onnx --fix "shape=[2, 3]"    # right',
    ),
]
