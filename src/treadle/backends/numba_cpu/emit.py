"""Operator syntax over LLVM instructions, so that formulas in vmath.py read as formulas.

Input: an LLVM builder and values. Output: instructions in place. No fast-math flags are set here: exact
reductions (x - n*ln2 in two steps) must stay as written.
"""

from __future__ import annotations

from dataclasses import dataclass

from llvmlite import ir

_I32, _I64 = ir.IntType(32), ir.IntType(64)


@dataclass(frozen=True)
class Num:
    """An LLVM float or double with arithmetic; plain Python numbers become constants of the same type."""

    builder: ir.IRBuilder
    value: ir.Value

    def like(self, other: Num | float) -> Num:
        """Return `other` as a number of this type."""
        if isinstance(other, Num):
            return other
        return Num(self.builder, ir.Constant(self.value.type, float(other)))

    def __add__(self, other: Num | float) -> Num:
        return Num(self.builder, self.builder.fadd(self.value, self.like(other).value))

    def __sub__(self, other: Num | float) -> Num:
        return Num(self.builder, self.builder.fsub(self.value, self.like(other).value))

    def __mul__(self, other: Num | float) -> Num:
        return Num(self.builder, self.builder.fmul(self.value, self.like(other).value))

    def __truediv__(self, other: Num | float) -> Num:
        return Num(self.builder, self.builder.fdiv(self.value, self.like(other).value))

    def __rsub__(self, other: float) -> Num:
        return self.like(other) - self

    def __rtruediv__(self, other: float) -> Num:
        return self.like(other) / self

    def __neg__(self) -> Num:
        return Num(self.builder, self.builder.fneg(self.value))

    __radd__, __rmul__ = __add__, __mul__

    def times_plus(self, factor: Num | float, addend: Num | float) -> Num:
        """Return self * factor + addend, fused where the processor can."""
        return self.call("fmuladd", factor, addend)

    def polynomial(self, *coefficients: float) -> Num:
        """Return the polynomial in self with the given coefficients, highest power first."""
        result = self.like(coefficients[0])
        for coefficient in coefficients[1:]:
            result = result.times_plus(self, coefficient)
        return result

    def call(self, intrinsic: str, *others: Num | float) -> Num:
        """Return llvm.<intrinsic>(self, *others)."""
        kind = self.value.type
        values = [self.value, *(self.like(other).value for other in others)]
        face = ir.FunctionType(kind, [kind] * len(values))
        function = self.builder.module.declare_intrinsic(f"llvm.{intrinsic}", [kind], face)
        return Num(self.builder, self.builder.call(function, values))

    def libm(self, name: str, *others: Num) -> Num:
        """Return the C library's function of this double."""
        kind = self.value.type
        face = ir.FunctionType(kind, [kind] * (1 + len(others)))
        function = self.builder.module.globals.get(name) or ir.Function(self.builder.module, face, name)
        return Num(
            self.builder, self.builder.call(function, [self.value, *(other.value for other in others)])
        )

    def test(self, relation: str, other: Num | float) -> ir.Value:
        """Return the truth of an ordered comparison: false if either side is NaN."""
        return self.builder.fcmp_ordered(relation, self.value, self.like(other).value)

    def is_nan(self) -> ir.Value:
        """Return whether this number is NaN."""
        return self.builder.fcmp_unordered("uno", self.value, self.value)

    def when(self, condition: ir.Value, otherwise: Num | float) -> Num:
        """Return self where the condition holds, else `otherwise`."""
        return Num(self.builder, self.builder.select(condition, self.value, self.like(otherwise).value))

    def at_least(self, low: float) -> Num:
        """Return max(self, low); NaN stays NaN."""
        return self.like(low).when(self.test("<", low), self)

    def at_most(self, high: float) -> Num:
        """Return min(self, high); NaN stays NaN."""
        return self.like(high).when(self.test(">", high), self)

    def bits(self) -> ir.Value:
        """Return the bit pattern as an integer of the same width."""
        return self.builder.bitcast(self.value, self.integer)

    def made_of(self, value: ir.Value) -> Num:
        """Return the given value of this type as a number."""
        return Num(self.builder, value)

    def from_bits(self, bits: ir.Value) -> Num:
        """Return the number of this type with the given bit pattern."""
        return Num(self.builder, self.builder.bitcast(bits, self.value.type))

    @property
    def integer(self) -> ir.IntType:
        """The integer type of the same width."""
        return _I32 if isinstance(self.value.type, ir.FloatType) else _I64

    def to_double(self) -> Num:
        """Return this number as a double."""
        return Num(self.builder, self.builder.fpext(self.value, ir.DoubleType()))

    def to_float(self) -> Num:
        """Return this number rounded to a float."""
        return Num(self.builder, self.builder.fptrunc(self.value, ir.FloatType()))
