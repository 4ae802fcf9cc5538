"""Scalar expressions of the loop IR as Python source for Numba.

Input: expressions. Output: text over the vocabulary of `abi` and `vmath`, and the names to import from them.
Values of f16 and bf16 are float32; what becomes one of them is rounded.
"""

from __future__ import annotations

import struct
from functools import singledispatchmethod
from math import isfinite
from typing import Any

from treadle.loops import Call, Const, Expr, Guard, Index, Load, Position, Var
from treadle.types import DType

TYPES = {
    DType.F32: "float32", DType.F64: "float64", DType.I64: "int64", DType.I32: "int32", DType.U8: "uint8",
    DType.BOOL: "boolean", DType.F16: "float32", DType.BF16: "float32",
}  # fmt: skip
OPERATORS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==",
    "ne": "!=", "logical_and": "&", "logical_or": "|",
}  # fmt: skip
FUNCTIONS = {
    "exp": "exp", "expm1": "expm1", "log": "log", "log1p": "log1p", "sqrt": "sqrt", "rsqrt": "rsqrt", "sin":
    "sin",
    "cos": "cos", "tan": "tan", "tanh": "tanh", "sigmoid": "sigmoid", "erf": "erf", "pow": "power", "floor":
    "floor", "ceil": "ceil", "round": "round_even", "atan2": "atan2", "is_nan": "isnan", "is_finite":
    "isfinite",
}  # fmt: skip


class ExprPrinter:
    """Prints expressions and notes what they import.

    Args:
        imports: names needed from `abi`, added to.
        functions: names needed from `vmath`, added to.
        draws: names needed from `random`, added to.
    """

    def __init__(self, imports: set[str], functions: set[str], draws: set[str]) -> None:
        self.imports = imports
        self.functions = functions
        self.draws = draws
        self.literals: dict[str, int] = {}

    def index(self, index: Index) -> str:
        """An affine index; variables of unrolled loops are numbers."""
        offset = 0
        parts: list[str] = []
        for name, factor in index.terms:
            value = self.literals.get(name)
            if value is None:
                parts.append(name if factor == 1 else f"{name} * {factor}")
            elif factor == 1:
                offset += value
            elif value:
                parts.append(str(factor) if value == 1 else f"{factor} * {value}")
        if index.offset != 0:
            parts.append(str(index.offset))
        if offset or not parts:
            parts.append(str(offset))
        return " + ".join(parts)

    @singledispatchmethod
    def text(self, expr: Any) -> str:
        """An expression."""
        raise TypeError(f"no CPU form of {expr!r}; add it to numba_cpu/expressions.py")

    @text.register
    def _(self, expr: Const) -> str:
        if expr.dtype is DType.BOOL:
            return str(bool(expr.value))
        if expr.dtype is DType.I64:
            return str(expr.value) if expr.value >= 0 else f"({expr.value})"
        if expr.dtype.is_float and not isfinite(expr.value):
            return self._bits(expr)
        return f"{self.type(expr.dtype)}({expr.value!r})"

    def _bits(self, expr: Const) -> str:
        name, code, pattern = ("f64_bits", "q", "d") if expr.dtype is DType.F64 else ("f32_bits", "i", "f")
        self.imports.add(name)
        return f"{name}({struct.unpack(code, struct.pack(pattern, expr.value))[0]})"

    @text.register
    def _(self, expr: Var) -> str:
        return expr.name

    @text.register
    def _(self, expr: Position) -> str:
        return f"({self.index(expr.index)})"

    @text.register
    def _(self, expr: Load) -> str:
        return f"b{expr.buffer}[{self.index(expr.index)}]"

    @text.register
    def _(self, expr: Guard) -> str:
        condition, value, otherwise = map(self.text, (expr.condition, expr.value, expr.otherwise))
        return f"({value} if {condition} else {otherwise})"

    @text.register
    def _(self, expr: Call) -> str:
        if expr.function == "cast":
            return self._cast(expr.operands[0], expr.dtype)
        return self.call(expr.function, [self.text(operand) for operand in expr.operands], expr)

    def call(self, function: str, operands: list[str], expr: Call) -> str:
        """A function of printed operands."""
        dtype = expr.operands[0].dtype
        if function in OPERATORS:
            plain = f"({operands[0]} {OPERATORS[function]} {operands[1]})"
            return self._narrowed(plain, expr.dtype)
        if function in FUNCTIONS:
            return f"{self._function(FUNCTIONS[function])}({', '.join(operands)})"
        if function == "select":
            return f"{self._import('select')}({', '.join(operands)})"
        if function == "logical_not":
            return f"(not {operands[0]})"
        if function in {"maximum", "minimum"}:
            return self._extreme(expr, operands, dtype)
        if function == "neg":
            return self._narrowed(f"(-{operands[0]})", dtype)
        if function == "abs":
            return self._absolute(operands[0], dtype)
        if function in {"mod", "floordiv"}:
            return self._division(function, operands, dtype)
        if function in {"random_uniform", "random_normal", "fold_in"}:
            return self._random(function, operands, expr.dtype)
        raise TypeError(f"no CPU form of the scalar function {function}; add it to numba_cpu/expressions.py")

    def accumulated(self, function: str, name: str, value: Expr) -> str:
        """A step of an accumulation. Sums of floats may be reordered, so that loops of them vectorise."""
        if function == "add" and value.dtype.is_float:
            return f"{self._import('add')}({name}, {self.text(value)})"
        own = Var(name, value.dtype)
        return self.text(Call(function, (own, value), value.dtype))

    def type(self, dtype: DType) -> str:
        """The constructor of an element type."""
        return self._import(TYPES[dtype])

    def _import(self, name: str) -> str:
        self.imports.add(name)
        return name

    def _function(self, name: str) -> str:
        self.functions.add(name)
        return name

    def _narrowed(self, text: str, dtype: DType) -> str:
        """Arithmetic on small integers in their own type, where Python would widen."""
        return f"{self.type(dtype)}{text}" if dtype in {DType.I32, DType.U8} else text

    def _cast(self, operand: Expr, dtype: DType) -> str:
        text = self.text(operand)
        if dtype is DType.BOOL:
            return f"({text} != {self.text(Const(0.0 if operand.dtype.is_float else 0, operand.dtype))})"
        kind = self.type(dtype)
        if operand.dtype is DType.BOOL:
            return f"{self._import('select')}({text}, {kind}(1), {kind}(0))"
        return f"{self._import(f'round_{dtype}')}({kind}({text}))" if dtype.is_half else f"{kind}({text})"

    def _extreme(self, expr: Call, operands: list[str], dtype: DType) -> str:
        relation = ">" if expr.function == "maximum" else "<"
        a, b = operands
        kind = self.type(dtype)
        if isinstance(expr.operands[1], Const) and expr.operands[1].value == expr.operands[1].value:
            return f"{self._import('select')}({b} {relation} {a}, {b}, {kind}({a}))"  # keeps a NaN in a
        if dtype.is_float:
            return f"{self._import(expr.function)}({a}, {b})"
        return f"{self._import('select')}({a} {relation} {b}, {kind}({a}), {kind}({b}))"

    def _absolute(self, operand: str, dtype: DType) -> str:
        if dtype.is_float:
            return f"{self._function('absolute')}({operand})"
        kind = self.type(dtype)
        return f"{self._import('select')}({operand} < 0, {kind}(-{operand}), {kind}({operand}))"

    def _division(self, function: str, operands: list[str], dtype: DType) -> str:
        a, b = operands
        if not dtype.is_float:
            return self._narrowed(f"({a} {'%' if function == 'mod' else '//'} {b})", dtype)
        quotient = f"{self._function('floor')}({a} / {b})"
        return quotient if function == "floordiv" else f"({a} - {quotient} * {b})"

    def _random(self, function: str, operands: list[str], dtype: DType) -> str:
        suffix = "" if function == "fold_in" else f"_{dtype}"
        self.draws.add(function + suffix)
        return f"{function}{suffix}({', '.join(operands)})"
