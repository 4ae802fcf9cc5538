"""Ops: one record for each operation. Importing the package fills `REGISTRY`; nothing here knows graphs."""

from treadle.ops import (
    binary,
    control,
    conv,
    gather,
    leaves,
    linalg,
    random,
    reduce,
    scatter,
    sorting,
    special,
    structure,
    systems,
    trigonometry,
    unary,
    windows,
)
from treadle.ops.opdef import REGISTRY, OpDef, Sample, TypeRuleError

FAMILIES = (
    leaves,
    unary,
    trigonometry,
    special,
    binary,
    structure,
    windows,
    reduce,
    linalg,
    conv,
    gather,
    scatter,
    sorting,
    systems,
    random,
    control,
)

__all__ = ["FAMILIES", "REGISTRY", "OpDef", "Sample", "TypeRuleError"]
