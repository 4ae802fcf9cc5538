"""What a program becomes after lowering: one element for each call, with the ops that it computes inside.

Input: a program. Output: a `Scene`: calls filed under the part of the step and their layers, buffers on
the wires. States, and parameters in the update, are named in the label of their call. Non-goals: addresses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from treadle.backends.protocol import bytes_text
from treadle.driver import Program, lowered
from treadle.lower.plan import Call, LoopCall, Plan, touched
from treadle.lower.storage import Buffer, BufferKind
from treadle.viz.call_words import call_detail, call_kind, call_label
from treadle.viz.calls import nodes_of, parts_of_calls, read
from treadle.viz.flatten import scope_path
from treadle.viz.labels import end_label, shortened
from treadle.viz.scene import LOOP_MARK, Element, Kind, Part, Path, Scene, Wire

_LEAVES = {BufferKind.PARAM: Kind.PARAM, BufferKind.INPUT: Kind.INPUT}
_LASTING = {BufferKind.PARAM, BufferKind.STATE}


def kernel_scene(program: Program) -> Scene:
    """The calls of a program, compiled for this machine."""
    plan, assumed = lowered(program)
    walk = _Walk(plan, parts_of_calls(plan, program.graph))
    walk.calls(plan.calls, ())
    walk.ends()
    count = f"{len(walk.keys)} calls, {len(plan.kernels())} generated kernels"
    notes = tuple(filter(None, [count, assumed]))
    return Scene(f"{plan.name}: kernels", "kernels", tuple(walk.elements), (), notes)


class _Walk:
    """One walk over the calls in order."""

    def __init__(self, plan: Plan, parts: Mapping[Call, Part]) -> None:
        self.elements: list[Element] = []
        self.keys: dict[Call, str] = {}
        self._plan = plan
        self._parts = parts
        self._writers: dict[Buffer, str] = {}
        self._kernels = {kernel: number for number, kernel in enumerate(plan.kernels())}
        self._sides = len(set(parts.values())) > 1

    def calls(self, calls: Sequence[Call], loop: Path) -> None:
        for call in calls:
            if isinstance(call, LoopCall):
                label = f"loop, {call.count} times{LOOP_MARK}{call.number}"
                self.calls(call.body, (*loop, label))
            else:
                self._call(call, loop)

    def ends(self) -> None:
        """The results, after all calls."""
        for name, storage in self._plan.outputs.items():
            kind, label = end_label(name)
            wires = self._wires({storage.buffer}, ())
            self.elements.append(Element(f"end:{name}", kind, label, (), Part.FORWARD, wires))

    def _call(self, call: Call, loop: Path) -> None:
        part, path, writes = self._parts[call], self._path(call, loop), touched(call)[1]
        hidden = _LASTING if part is Part.UPDATE else {BufferKind.STATE}
        wires = self._wires({buffer for buffer in read(call) if buffer.kind not in hidden}, path)
        key = self.keys[call] = f"c{len(self.keys)}"
        label = call_label(call, self._kernels, writes)
        nodes, detail = nodes_of(call), call_detail(call)
        self.elements.append(Element(key, call_kind(call), label, path, part, wires, nodes, detail=detail))
        self._writers |= dict.fromkeys(writes, key)

    def _path(self, call: Call, loop: Path) -> Path:
        side = (self._parts[call].value,) if self._sides else ()
        nodes = nodes_of(call)
        return (*side, *loop, *(scope_path(nodes[-1].scope) if nodes and not loop else ()))

    def _wires(self, buffers: set[Buffer], path: Path) -> tuple[Wire, ...]:
        ordered = sorted(buffers, key=lambda buffer: buffer.number)
        sources = [(self._source(buffer, path), bytes_text(buffer.bytes)) for buffer in ordered]
        return tuple(Wire(source, words) for source, words in sources if source)

    def _source(self, buffer: Buffer, path: Path) -> str:
        """The key of what writes a buffer; a leaf is added when it is first read; constants have none."""
        if buffer not in self._writers and buffer.kind in _LEAVES:
            key = self._writers[buffer] = f"b{buffer.number}"
            is_param = buffer.kind is BufferKind.PARAM
            label = f"{shortened(buffer.name)}\n{bytes_text(buffer.bytes)}"
            home, size = (path, buffer.elements) if is_param else ((), 0)
            self.elements.append(Element(key, _LEAVES[buffer.kind], label, home, Part.FORWARD, size=size))
        return self._writers.get(buffer, "")
