"""Kernel text to Python function, and what can be judged from the text alone."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable
from functools import lru_cache

from support.block_sim.dialect import NAMES
from support.block_sim.hazards import KERNEL_FILE, WrongLaunch
from treadle.backends.numba_cuda.kernel import ENTRY

FORBIDDEN = (
    ast.Import,
    ast.ImportFrom,
    ast.Lambda,
    ast.ClassDef,
    ast.Try,
    ast.With,
    ast.ListComp,
    ast.GeneratorExp,
)


@lru_cache(maxsize=512)
def compiled(text: str) -> Callable[..., None]:
    """The function that a kernel's text defines, in the simulator's dialect."""
    tree = ast.parse(text, KERNEL_FILE)
    refuse_foreign(tree)
    scope = dict(NAMES)
    exec(compile(tree, KERNEL_FILE, "exec"), scope)  # noqa: S102 (generated from the IR)
    linecache.cache[KERNEL_FILE] = (len(text), None, text.splitlines(keepends=True), KERNEL_FILE)
    function: Callable[..., None] = scope[ENTRY]
    return function


def refuse_foreign(tree: ast.Module) -> None:
    """Untyped float literals (they are float64), and what is no part of the dialect."""
    typed = {
        id(literal)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for argument in call.args
        for literal in (argument.operand if isinstance(argument, ast.UnaryOp) else argument,)
    }
    for node in ast.walk(tree):
        if isinstance(node, FORBIDDEN):
            raise WrongLaunch(f"line {node.lineno}: {type(node).__name__} is no part of the dialect")
        if isinstance(node, ast.Constant) and isinstance(node.value, float) and id(node) not in typed:
            raise WrongLaunch(f"line {node.lineno}: the literal {node.value} has no type")
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    if [function.name for function in functions] != [ENTRY]:
        raise WrongLaunch(f"the text shall define `{ENTRY}` and nothing else")


@lru_cache(maxsize=512)
def written_params(text: str) -> frozenset[str]:
    """The parameters through which the text writes."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            names.add(ast.unparse(node.value))
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith(("store", "atomic")):
            names.add(ast.unparse(node.args[0]))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in names:
            names.add(ast.unparse(node.value))  # a pointer that is chosen among parameters
    return frozenset(names)
