"""The text form of a plan: what `--emit=loops` shows. First the kernels, then the calls with their buffers.

Input: a lowered program. Output: text, the same for the same program always.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from treadle.loops.text import kernel_text
from treadle.lower.plan import Call, ConvCall, KernelCall, LoopCall, MatmulCall, Plan
from treadle.lower.storage import Storage

_INDENT = "  "


def plan_text(plan: Plan) -> str:
    """The kernels and calls of a plan, as text that ends with a newline."""
    kernels = [kernel_text(kernel) for kernel in plan.kernels()]
    calls = "\n".join(_lines(plan.calls, _INDENT))
    return "\n\n".join([*(text.rstrip() for text in kernels), f"program {plan.name}\n{calls}"]) + "\n"


def _lines(calls: Sequence[Call], indent: str) -> Iterator[str]:
    for call in calls:
        if isinstance(call, LoopCall):
            yield f"{indent}loop {call.count} times"
            yield from _lines(call.body, indent + _INDENT)
        else:
            yield indent + _call(call)


def _call(call: Call) -> str:
    if isinstance(call, KernelCall):
        sizes = ", ".join(map(str, call.sizes))
        return f"{call.kernel.name}({', '.join(o.buffer.name for o in call.operands)}; {sizes})"
    if isinstance(call, MatmulCall):
        return f"{_view(call.c)} = matmul({_view(call.a)}, {_view(call.b)}){_epilogue(call)}"
    if isinstance(call, ConvCall):
        one, two = call.inputs
        return f"{_view(call.output)} = {call.op}({_view(one)}, {_view(two)}){_epilogue(call)}"
    raise TypeError(f"a {type(call).__name__} has no text form")


def _epilogue(call: MatmulCall | ConvCall) -> str:
    names = [operand.name for operand in call.epilogue.operands]
    return f" with {len(call.epilogue.lets)} epilogue operations on {', '.join(names)}" if names else ""


def _view(storage: Storage) -> str:
    return f"{storage.buffer.name}{list(storage.shape)}"
