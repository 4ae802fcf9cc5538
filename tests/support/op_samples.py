"""Builds a small graph around each sample of the registry."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from treadle.ir import Builder, Graph, Node
from treadle.ops import REGISTRY, OpDef, Sample
from treadle.types import DType, TensorType


@dataclass(frozen=True)
class Case:
    """One sample of one op."""

    op: OpDef
    sample: Sample
    number: int

    def __str__(self) -> str:
        return f"{self.op.name}-{self.number}"

    def dtype(self, index: int) -> DType:
        names = self.sample.dtypes
        return DType(names[index]) if index < len(names) else DType.F64

    @property
    def floats(self) -> list[str]:
        """Names of the operands that can be differentiated in."""
        return [f"x{i}" for i in range(len(self.sample.shapes)) if self.dtype(i).is_float]

    def values(self) -> dict[str, np.ndarray]:
        """Operands `x0`, `x1`, ...; the same in every run."""
        rng = np.random.default_rng(zlib.crc32(str(self).encode()))
        return {
            f"x{i}": draw(rng, self.sample.domain, self.dtype(i), shape)
            for i, shape in enumerate(self.sample.shapes)
        }

    def build(self) -> tuple[Builder, Node]:
        g = Builder(Graph(str(self)))
        operands = [
            g.input(f"x{i}", TensorType(self.dtype(i), shape)) for i, shape in enumerate(self.sample.shapes)
        ]
        return g, g.apply(self.op.name, *operands, **self.sample.attrs)


def draw(rng: np.random.Generator, domain: str, dtype: DType, shape: tuple[int, ...]) -> np.ndarray:
    """Values of a domain."""
    if dtype is DType.BOOL:
        return rng.random(shape) < 0.5
    if dtype.is_int:
        return rng.integers(0, 4, shape)
    if domain == "int":
        return rng.integers(0, 3, shape).astype(np.float64)
    if domain == "unit":
        return rng.uniform(0.05, 0.95, shape)
    if domain == "positive":
        return rng.uniform(0.5, 2.0, shape)
    if domain == "above one":
        return rng.uniform(1.1, 3.0, shape)
    if domain == "nonzero":
        return rng.uniform(0.5, 2.0, shape) * rng.choice([-1.0, 1.0], shape)
    if domain == "regular" and len(shape) > 1 and shape[-1] == shape[-2]:
        return rng.standard_normal(shape) + 2 * np.eye(shape[-1])
    assert domain in {"normal", "regular"}
    return rng.standard_normal(shape)


CASES = [Case(op, sample, i) for op in REGISTRY for i, sample in enumerate(op.samples)]
SMOOTH = [
    case for case in CASES if case.op.vjp is not None and case.floats and case.build()[1].type.dtype.is_float
]
