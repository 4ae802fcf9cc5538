"""Kernel texts put together from lines, with their parameters and arguments side by side.

Input: parameters that know their argument, lines of the device dialect. Output: a `Launch`. Non-goals: what
the lines say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import indent

from treadle.backends.numba_cuda.division import magic
from treadle.backends.numba_cuda.kernel import ENTRY, KernelSource, Launch, Pointer


@dataclass(frozen=True)
class Param:
    """A parameter of a kernel, and what a launch passes for it."""

    name: str
    type: str
    value: Pointer | int


@dataclass(frozen=True)
class Shape:
    """How a kernel is launched: blocks of the grid, threads of a block, blocks wanted on a multiprocessor."""

    grid: int
    threads: int
    resident: int = 1


def launch(name: str, params: Sequence[Param], body: Iterable[str], shape: Shape, shared: int = 0) -> Launch:
    """The launch of a kernel with this body."""
    head = f"def {ENTRY}({', '.join(param.name for param in params)}):"
    text = f"{head}\n{block(body)}\n"
    types = tuple(param.type for param in params)
    source = KernelSource(name, text, types, shape.threads, shape.resident)
    arguments = tuple(param.value for param in params)
    return Launch(source, (shape.grid, 1, 1), (shape.threads, 1, 1), arguments, shared)


def block(lines: Iterable[str], depth: int = 1) -> str:
    """Lines, indented."""
    return indent("\n".join(lines), 4 * depth * " ")


def under(head: str, lines: Iterable[str]) -> list[str]:
    """A statement with a body; nothing if the body is empty."""
    inner = [line for text in lines for line in text.split("\n")]
    return [head, *(f"    {line}" for line in inner)] if inner else []


def numbers(**values: int) -> list[Param]:
    """Parameters for sizes, which are 32-bit integers."""
    return [Param(name, "i32", value) for name, value in values.items()]


def ceil_div(a: int, b: int) -> int:
    """The quotient, rounded up."""
    return -(-a // b)


def plus(text: str, number: int) -> str:
    """A sum with a number that may be zero."""
    return f"{text} + {number}" if number else text


def parted(text: str, number: int) -> tuple[str, str]:
    """Quotient and remainder of a value that is not negative, by a power of two.

    Raises:
        ValueError: for a number that is none.
    """
    if number & (number - 1):
        raise ValueError(f"{number} is no power of two")
    return f"int32({text} >> {number.bit_length() - 1})", f"int32({text} & {number - 1})"


def divisors(**values: int) -> list[Param]:
    """Parameters for numbers by which `divided` divides: each comes with its multiplier and shift."""
    found: list[Param] = []
    for name, value in values.items():
        multiplier, shift = magic(max(1, value))
        found += numbers(**{name: value, f"{name}_magic": multiplier, f"{name}_shift": shift})
    return found


def divided(names: tuple[str, str], value: str, by: str) -> list[str]:
    """Lines that define quotient and rest of a variable that is not negative, by one of the `divisors`."""
    result, rest = names
    return [
        f"{result} = quotient({value}, {by}_magic, {by}_shift)",
        f"{rest} = int32({value} - {result} * {by})",
    ]
