"""The text of plans, for `--emit=loops`: the calls in order, the memory, then each distinct kernel once."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.loops import Kernel, kernel_text
from treadle.loops.text import expr_text
from treadle.lower.arena import assign_offsets
from treadle.lower.plan import BatchCall, Call, ConvCall, KernelCall, LoopCall, MatmulCall, PackCall, Plan
from treadle.lower.storage import Buffer, BufferKind, Storage

_KINDS = (BufferKind.PARAM, BufferKind.STATE, BufferKind.INPUT, BufferKind.OUTPUT, BufferKind.CONSTANT)


def plan_text(plan: Plan) -> str:
    """A plan as text. Deterministic; gives the arena buffers their offsets, without scratch of templates."""
    arena = assign_offsets(plan.calls, {})
    names = _Names(plan)
    lines = [f"plan {plan.name}"]
    lines += [f"  {kind.value}: {plan.bytes_of(kind)} bytes" for kind in _KINDS]
    lines += [f"  {BufferKind.ARENA.value}: {arena} bytes", ""]
    lines += [f"  {line}" for line in names.calls(plan.calls)]
    for kernel in plan.kernels():
        renamed = f"kernel {names.kernels[kernel]}"
        lines += ["", kernel_text(kernel).replace(f"kernel {kernel.name}", renamed, 1)]
    return "\n".join(lines) + "\n"


class _Names:
    def __init__(self, plan: Plan) -> None:
        self.kernels: dict[Kernel, str] = {}
        for number, kernel in enumerate(plan.kernels()):
            self.kernels[kernel] = f"{kernel.name}#{number}"

    def calls(self, calls: Sequence[Call]) -> list[str]:
        return [line for call in calls for line in self._call(call)]

    def _call(self, call: Call) -> list[str]:
        if isinstance(call, LoopCall):
            return [f"loop {call.count} times:", *(f"  {line}" for line in self.calls(call.body))]
        if isinstance(call, KernelCall):
            operands = ", ".join(_buffer(operand.buffer) for operand in call.operands)
            return [f"{self.kernels[call.kernel]}({operands}; {', '.join(map(str, call.sizes))})"]
        if isinstance(call, BatchCall):
            return ["together:", *(f"  {line}" for line in self.calls(call.calls))]
        if isinstance(call, PackCall):
            return [f"pack {_storage(call.product.b)}"]
        return _product(call)


def _product(call: MatmulCall | ConvCall) -> list[str]:
    if isinstance(call, MatmulCall):
        head = f"{_storage(call.c)} = {_storage(call.a)} @ {_storage(call.b)}"
    else:
        first, second = call.inputs
        head = f"{_storage(call.output)} = {call.op}({_storage(first)}, {_storage(second)})"
    epilogue = call.epilogue
    read = [f"  {operand.name} = {operand.kind} {_storage(operand.storage)}" for operand in epilogue.operands]
    named = [f"  {let.name} = {expr_text(let.value)}" for let in epilogue.lets]
    targets = ["result", *(_storage(output) for output in epilogue.outputs)]
    written = [f"  {t} = {expr_text(r)}" for t, r in zip(targets, epilogue.results, strict=False)]
    return [head, *read, *named, *written]


def _storage(storage: Storage) -> str:
    return f"{_buffer(storage.buffer)}[{', '.join(map(str, storage.shape))}]"


def _buffer(buffer: Buffer) -> str:
    return f"{buffer.name}@{buffer.offset}" if buffer.kind is BufferKind.ARENA else buffer.name
