"""Scalar expressions of the loop IR as text of the device dialect.

Input: expressions. Output: text in which every literal is typed and indices are 32-bit (64-bit on demand).
Values of f16 and bf16 are float32 inside a kernel and rounded where they are made; booleans are bytes in
memory.
"""

from __future__ import annotations

from functools import singledispatchmethod
from math import isfinite
from typing import Any

from treadle.loops import Call, Const, Expr, Guard, Index, Load, Position, SizeLike, Var
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
    "exp": "exp", "expm1": "expm1", "log": "log", "log1p": "log1p", "sqrt": "sqrt", "rsqrt": "rsqrt",
    "sin": "sin", "cos": "cos", "tan": "tan", "tanh": "tanh", "sigmoid": "sigmoid", "erf": "erf",
    "pow": "power", "floor": "floor", "ceil": "ceil", "round": "round_even", "atan2": "atan2",
    "is_nan": "isnan", "is_finite": "isfinite", "select": "select", "fold_in": "fold_in",
}  # fmt: skip
HALVES = {DType.F16: ("f16_to_f32", "f32_to_f16"), DType.BF16: ("bf16_to_f32", "f32_to_bf16")}


def gathered(dtype: DType) -> DType:
    """The type in which values of a type are summed: half precision would lose them."""
    return DType.F32 if dtype in HALVES else dtype


class ExprPrinter:
    """Prints expressions.

    Attributes:
        literals: numbers that stand for loop variables, in unrolled loops.
        offsets: what is added to a loop variable: the lane of a vector access.
        names: other names for values: those of a lane, or shares of a sum.
        vectors: names for elements that a vector access has loaded.
        places: per buffer, what is added to each index, such as the start of a share of scratch.
    """

    def __init__(self, wide: bool = False) -> None:
        self.integer = "int64" if wide else "int32"
        self.literals: dict[str, int] = {}
        self.offsets: dict[str, int] = {}
        self.names: dict[str, str] = {}
        self.vectors: dict[tuple[int, Index], str] = {}
        self.places: dict[int, str] = {}
        self.scratch: set[int] = set()

    def sum(self, index: Index) -> str:
        """An affine index as a sum, without its type."""
        offset = 0
        parts: list[str] = []
        for name, factor in index.terms:
            value = self.literals.get(name)
            if value is None:
                parts.append(self._multiple(self.names.get(name, name), factor))
                value = self.offsets.get(name, 0)
            if isinstance(factor, int):
                offset += factor * value
            elif value:
                parts.append(str(factor) if value == 1 else f"{factor} * {self.typed(value)}")
        if isinstance(index.offset, int):
            offset += index.offset
        else:
            parts.append(str(index.offset))
        if offset or not parts:
            parts.append(self.typed(offset))
        return " + ".join(parts)

    def typed(self, value: int) -> str:
        """A number in the type of indices."""
        return f"{self.integer}({value})"

    def _multiple(self, name: str, factor: SizeLike) -> str:
        if factor == 1:
            return name
        return f"{name} * {self.typed(factor) if isinstance(factor, int) else factor}"

    def index(self, index: Index) -> str:
        """An affine index in the type of indices."""
        text = self.sum(index)
        return (
            text if text.isidentifier() or text.startswith(f"{self.integer}(") else f"{self.integer}({text})"
        )

    def place(self, buffer: int, index: Index) -> str:
        """The index of an element in a buffer as this kernel holds it."""
        text = self.sum(index)
        if buffer in self.places:
            text = f"{self.places[buffer]} + {text}"
        return f"uint32({text})" if buffer in self.scratch else f"{self.integer}({text})"

    @singledispatchmethod
    def text(self, expr: Any) -> str:
        """An expression."""
        raise TypeError(f"no CUDA form of {expr!r}; add it to numba_cuda/expressions.py")

    @text.register
    def _(self, expr: Const) -> str:
        if expr.dtype is DType.BOOL:
            return f"boolean({int(bool(expr.value))})"
        if expr.dtype.is_float and not isfinite(expr.value):
            value = "nan" if expr.value != expr.value else "inf" if expr.value > 0 else "-inf"
            return f"{TYPES[expr.dtype]}({value})"
        return f"{TYPES[expr.dtype]}({expr.value!r})"

    @text.register
    def _(self, expr: Var) -> str:
        name = self.names.get(expr.name, expr.name)
        is_loop = name[0] == "i" and name[1:].isdigit()
        return self.text(Position(Index(0, ((name, 1),)))) if is_loop else name

    @text.register
    def _(self, expr: Position) -> str:
        return f"int64({self.sum(expr.index)})"

    @text.register
    def _(self, expr: Load) -> str:
        if (expr.buffer, expr.index) in self.vectors:
            return self.vectors[expr.buffer, expr.index]
        return self.loaded(f"b{expr.buffer}[{self.place(expr.buffer, expr.index)}]", expr.dtype)

    def loaded(self, element: str, dtype: DType) -> str:
        """An element from memory as a value."""
        if dtype in HALVES:
            return f"{HALVES[dtype][0]}({element})"
        return f"({element} != uint8(0))" if dtype is DType.BOOL else element

    def stored(self, value: str, dtype: DType) -> str:
        """A value as an element in memory."""
        if dtype in HALVES:
            return f"{HALVES[dtype][1]}({value})"
        return f"select({value}, uint8(1), uint8(0))" if dtype is DType.BOOL else value

    @text.register
    def _(self, expr: Guard) -> str:
        condition, value, otherwise = map(self.text, (expr.condition, expr.value, expr.otherwise))
        return f"({value} if {condition} else {otherwise})"

    @text.register
    def _(self, expr: Call) -> str:
        if expr.function == "cast":
            return self._cast(expr.operands[0], expr.dtype)
        text = self.call(expr.function, [self.text(operand) for operand in expr.operands], expr)
        return self._rounded(text, expr.dtype)

    def call(self, function: str, operands: list[str], expr: Call) -> str:
        """A function of printed operands."""
        dtype = expr.operands[0].dtype
        if function in OPERATORS:
            return self._narrowed(f"({operands[0]} {OPERATORS[function]} {operands[1]})", expr.dtype)
        if function in {"maximum", "minimum"} or function in FUNCTIONS:
            return self._extreme(function, operands, dtype)
        if function == "logical_not":
            return f"(not {operands[0]})"
        if function == "neg":
            return self._narrowed(f"(-{operands[0]})", dtype)
        if function == "abs":
            return self._absolute(operands[0], dtype)
        if function in {"mod", "floordiv"}:
            return self._division(function, operands, dtype)
        if function in {"random_uniform", "random_normal"}:
            return f"{function}_{'f64' if expr.dtype is DType.F64 else 'f32'}({', '.join(operands)})"
        raise TypeError(
            f"no CUDA form of the scalar function {function}; add it to numba_cuda/expressions.py"
        )

    def _extreme(self, function: str, operands: list[str], dtype: DType) -> str:
        if function in FUNCTIONS:
            return f"{FUNCTIONS[function]}({', '.join(operands)})"
        if dtype.is_float:
            return f"{function}({', '.join(operands)})"
        a, b = operands
        return f"select({a} {'>' if function == 'maximum' else '<'} {b}, {a}, {b})"

    def _rounded(self, text: str, dtype: DType) -> str:
        """A value that is as exact as its type allows."""
        if dtype not in HALVES:
            return text
        widen, narrow = HALVES[dtype]
        return f"{widen}({narrow}({text}))"

    def _narrowed(self, text: str, dtype: DType) -> str:
        """Arithmetic on small integers in their own type, where Python would widen."""
        return f"{TYPES[dtype]}{text}" if dtype in {DType.I32, DType.U8} else text

    def _cast(self, operand: Expr, dtype: DType) -> str:
        text = self.text(operand)
        if dtype is DType.BOOL:
            zero = Const(0.0 if operand.dtype.is_float else 0, operand.dtype)
            return f"({text} != {self.text(zero)})"
        kind = TYPES[dtype]
        if operand.dtype is DType.BOOL:
            return f"select({text}, {kind}(1), {kind}(0))"
        return self._rounded(f"{kind}({text})", dtype)

    def _absolute(self, operand: str, dtype: DType) -> str:
        if dtype.is_float:
            return f"absolute({operand})"
        kind = TYPES[dtype]
        return f"select({operand} < {kind}(0), {kind}(-{operand}), {operand})"

    def _division(self, function: str, operands: list[str], dtype: DType) -> str:
        a, b = operands
        if not dtype.is_float:
            return self._narrowed(f"({a} {'%' if function == 'mod' else '//'} {b})", dtype)
        quotient = f"floor({a} / {b})"
        return quotient if function == "floordiv" else f"({a} - {quotient} * {b})"
