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
]
