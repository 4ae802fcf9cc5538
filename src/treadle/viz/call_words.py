"""The words of a call of a plan: what is run, the ops that it computes, what lasts of its results.

Input: calls. Output: labels, kinds and longer texts. Non-goals: where the calls stand (`kernels`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from math import prod

from treadle.loops import Kernel, kernel_text
from treadle.lower.plan import BatchCall, Call, ConvCall, KernelCall, LoopCall, MatmulCall, PackCall
from treadle.lower.storage import Buffer, BufferKind
from treadle.viz.calls import nodes_of
from treadle.viz.kinds import kind_of
from treadle.viz.labels import shortened
from treadle.viz.scene import Kind

_LASTING = {BufferKind.PARAM, BufferKind.STATE}
_MOST_OPS = 6
_OPS_PER_LINE = 3


def call_label(call: Call, numbers: Mapping[Kernel, int], writes: Iterable[Buffer]) -> str:
    """What runs, named as by `--emit=loops`; the fused ops; the parameters and states that it replaces."""
    replaced = [shortened(b.name) for b in sorted(writes, key=lambda b: b.number) if b.kind in _LASTING]
    lines = [_name(call, numbers), *_ops(call)]
    return "\n".join([*lines, *(f"→ {name}" for name in replaced[:4]), *(["→ …"] if replaced[4:] else [])])


def call_kind(call: Call) -> Kind:
    """Products look like products, other calls like the most notable op in them."""
    if isinstance(call, MatmulCall | ConvCall):
        return Kind.LINEAR
    kinds = [kind_of(node) for node in nodes_of(call) if node.op != "scan"]
    return max(kinds, key=lambda kind: kind.rank, default=Kind.VIEW)


def call_detail(call: Call) -> str:
    """The loops of a generated kernel; products have none of their own."""
    if isinstance(call, LoopCall):
        return "\n\n".join(dict.fromkeys(call_detail(inner) for inner in call.body))
    if isinstance(call, BatchCall):
        return "\n\n".join(dict.fromkeys(call_detail(inner) for inner in call.calls))
    return kernel_text(call.kernel) if isinstance(call, KernelCall) else ""


def _name(call: Call, numbers: Mapping[Kernel, int]) -> str:
    if isinstance(call, KernelCall):
        return f"{call.kernel.name}#{numbers[call.kernel]}"
    if isinstance(call, BatchCall):
        return f"{len(call.calls)} × {_name(call.calls[0], numbers)}"
    if isinstance(call, MatmulCall):
        *batch, m, n = call.c.shape
        times = f"{prod(batch)} × " if prod(batch) > 1 else ""
        return f"{times}matmul {m}×{call.a.shape[-1]}×{n}"
    if isinstance(call, ConvCall):
        return f"{call.op} to {'×'.join(map(str, call.output.shape))}"
    return "pack" if isinstance(call, PackCall) else f"{call.count} times"


def _ops(call: Call) -> list[str]:
    """Lines that list the ops; none where the name says it all."""
    if isinstance(call, PackCall):
        return []
    counts = Counter(node.op for node in nodes_of(call))
    if isinstance(call, MatmulCall | ConvCall):
        counts.subtract({"matmul" if isinstance(call, MatmulCall) else call.op: 1})
    words = [f"{op} (×{count})" if count > 1 else op for op, count in counts.items() if count > 0]
    if len(words) > _MOST_OPS:
        words = [*words[: _MOST_OPS - 1], f"and {len(words) - _MOST_OPS + 1} more"]
    return [", ".join(words[i : i + _OPS_PER_LINE]) for i in range(0, len(words), _OPS_PER_LINE)]
