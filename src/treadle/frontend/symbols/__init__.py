"""Symbols: what each name of a program means, where it is given, and where it is read.

Stage: beside elaboration, from syntax trees alone, so that it works on texts that are wrong. Input: a
`Module`. Output: a `Table`. Non-goals: values and shapes (`elaborate`); mistakes.
"""

from treadle.frontend.symbols.program import Program
from treadle.frontend.symbols.table import Kind, Names, Occurrence, Symbol, Table

__all__ = ["Kind", "Names", "Occurrence", "Program", "Symbol", "Table"]
