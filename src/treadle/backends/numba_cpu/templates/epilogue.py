"""Epilogues: what happens to a sum before it is stored, written as expressions and fused into the product's
kernel.

Input: expressions on `value` and named operands. Output: source text for the templates. Operands and outputs
must not overlap each other or the product's own operands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["scalar", "row", "column", "full"]


@dataclass(frozen=True)
class Operand:
    """An operand by name: one value, one per row (filter), one per column, or one per element of the
    output."""

    name: str
    dtype: str
    kind: Kind


@dataclass(frozen=True)
class Epilogue:
    """Statements on `value` and the operands, then one expression per output; output 0 is the product's
    own."""

    operands: tuple[Operand, ...] = ()
    lines: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ("value",)
    vmath: tuple[str, ...] = ()

    @property
    def is_identity(self) -> bool:
        """Whether the sums are stored as they are."""
        return not self.lines and self.outputs == ("value",)

    def imports(self) -> str:
        """Return the import line for the names that the expressions use."""
        return f"from treadle.backends.numba_cpu.vmath import {', '.join(self.vmath)}" if self.vmath else ""

    def kinds(self, *kinds: Kind) -> tuple[Operand, ...]:
        """Return the operands of the given kinds, in order."""
        return tuple(operand for operand in self.operands if operand.kind in kinds)


def output_role(number: int) -> str:
    """Return the role of an extra output (number > 0) in a plan."""
    return f"out{number}"


def operand_strides(epilogue: Epilogue, full: tuple[int, int]) -> dict[str, int]:
    """Return the words of all strides where "full" operands and outputs lie as the result, the others
    once."""
    strides = {x.name: full if x.kind == "full" else (0, 0) for x in epilogue.operands}
    strides |= {output_role(i): full for i in range(1, len(epilogue.outputs))}
    return {f"{role}_{axis}": pair[i] for role, pair in strides.items() for i, axis in enumerate("bm")}
