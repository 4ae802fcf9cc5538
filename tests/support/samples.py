"""The samples of all ops as programs of one element type, and operands for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from treadle.ir import Builder, Graph
from treadle.ops import REGISTRY
from treadle.ops.halves import rounded
from treadle.ops.opdef import OpDef, Sample
from treadle.types import DType, TensorType

_DRAWS = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "positive": lambda rng, shape: rng.uniform(0.1, 3.0, shape),
    "above one": lambda rng, shape: rng.uniform(1.1, 3.0, shape),
    "unit": lambda rng, shape: rng.uniform(0.05, 0.95, shape),
    "nonzero": lambda rng, shape: rng.uniform(0.2, 2.0, shape) * rng.choice([-1, 1], shape),
    "int": lambda rng, shape: rng.integers(-3, 4, shape),
    "bool": lambda rng, shape: rng.integers(0, 2, shape),
    "regular": lambda rng, shape: rng.standard_normal(shape) + 2 * np.eye(*shape[-2:]),
}
_NOT_ALONE = {"input", "param", "state", "scan", "item", "grad"}


@dataclass(frozen=True)
class Case:
    """One sample of an op."""

    op: OpDef
    number: int

    @property
    def name(self) -> str:
        """The op's name and the sample's number."""
        return f"{self.op.name}{self.number}"

    @property
    def sample(self) -> Sample:
        """Shapes, attributes and domain."""
        return self.op.samples[self.number]

    @property
    def takes_floats(self) -> bool:
        """Whether an operand or the result may be a float of any width."""
        named = [_dtype(self.sample, k, DType.F16) for k in range(len(self.sample.shapes))]
        return DType.F16 in [*named, *_attrs(self.sample, DType.F16).values()]


CASES = [Case(op, n) for op in REGISTRY if op.name not in _NOT_ALONE for n in range(len(op.samples))]


def program(case: Case, dtype: DType) -> Graph:
    """The op alone, with floats of this type; its result is `y`."""
    graph = Graph(case.op.name)
    builder = Builder(graph)
    shapes = enumerate(case.sample.shapes)
    inputs = [builder.input(f"x{k}", TensorType(_dtype(case.sample, k, dtype), s)) for k, s in shapes]
    graph.outputs["y"] = builder.apply(case.op.name, *inputs, **_attrs(case.sample, dtype))
    return graph


def operands(case: Case, dtype: DType) -> dict[str, Any]:
    """Values from the sample's domain, rounded to the type; the same at each call."""
    rng = np.random.default_rng(case.number)
    values = {}
    for k, shape in enumerate(case.sample.shapes):
        kind = _dtype(case.sample, k, dtype)
        domain = "int" if kind.is_int else "bool" if kind is DType.BOOL else case.sample.domain
        values[f"x{k}"] = rounded(np.asarray(_DRAWS[domain](rng, shape)), kind)
    return values


def _dtype(sample: Sample, operand: int, floats: DType) -> DType:
    name = sample.dtypes[operand] if operand < len(sample.dtypes) else "f64"
    return floats if name in {"f64", "f32"} else DType(name)


def _attrs(sample: Sample, floats: DType) -> dict[str, Any]:
    is_float = {DType.F64, DType.F32}
    return {k: floats if isinstance(v, DType) and v in is_float else v for k, v in sample.attrs.items()}
