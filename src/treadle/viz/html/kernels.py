"""Which kernels compute a node: the sources of the compiled program, found by where nodes come from.

Input: a program. Output: kernel sources, and those of a node. Non-goals: compiling them.

Passes rebuild nodes but keep their places: a kernel belongs to a node when it computes one of the same place
in the spec, the same layer and the same op. A node whose value is never stored is computed in the kernels of
its readers. Where an op became others, the kernels of the same place are all that can be said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from treadle.backends.numba_cpu.link import sources_of
from treadle.backends.numba_cpu.threads import thread_count
from treadle.driver import Program, lowered
from treadle.errors import TreadleError
from treadle.ir import Graph, Node
from treadle.lower.plan import KernelCall, Plan
from treadle.ops import REGISTRY
from treadle.viz.calls import leaf_calls, nodes_of

Key = tuple[Any, ...]

_MOST = 4
_FUSED = "no kernel of its own: it is computed inside the kernels that need it"
_REWRITTEN = "this op became others on the way; these kernels compute what stands at the same place"
_NONE = "no kernel: it was taken out on the way, or only looks at the same memory in another way"


@dataclass(frozen=True)
class KernelText:
    """A kernel as text."""

    name: str
    text: str


class Kernels:
    """The kernels of a program and the places that they compute; `assumed` says for which sizes."""

    def __init__(self, program: Program) -> None:
        self._users = _users(program.graph)
        self._exact: defaultdict[Key, dict[int, None]] = defaultdict(dict)
        self._near: defaultdict[Key, dict[int, None]] = defaultdict(dict)
        self._numbers: dict[KernelText, int] = {}
        self._excuse = self.assumed = ""
        try:
            plan, self.assumed = lowered(program)
            self._enter(plan)
        except TreadleError as error:
            self._excuse = f"kernels cannot be shown: {error.diagnostics[0].message}"

    @property
    def entries(self) -> list[KernelText]:
        """All kernels, each once."""
        return list(self._numbers)

    def of(self, node: Node) -> tuple[list[int], str]:
        """Numbers of the kernels that compute a node, and a sentence where that needs one."""
        if "leaf" in REGISTRY[node.op].traits or node.op in {"input", "param", "state"}:
            return [], ""
        if self._excuse:
            return [], self._excuse
        ways = (
            (self._exact[_key(node)], ""),
            (self._of_readers(_key(node)), _FUSED),
            (self._near[_key(node)[:2]], _REWRITTEN),
        )
        return next(((list(found)[:_MOST], note) for found, note in ways if found), ([], _NONE))

    def _enter(self, plan: Plan) -> None:
        threads = thread_count()
        for call in leaf_calls(plan.calls):
            sources = sources_of(call, threads)
            name = call.kernel.name if isinstance(call, KernelCall) else " + ".join(s.name for s in sources)
            text = KernelText(name, "\n\n".join(source.text for source in sources))
            number = self._numbers.setdefault(text, len(self._numbers))
            for node in nodes_of(call):
                if node.span is not None:
                    self._exact[_key(node)][number] = None
                    self._near[_key(node)[:2]][number] = None

    def _of_readers(self, key: Key) -> dict[int, None]:
        """The kernels of the nearest readers that have some; readers without are looked through."""
        found: dict[int, None] = {}
        seen, waiting = {key}, [key]
        while waiting:
            for user in self._users.get(waiting.pop(), ()):
                if user not in seen:
                    seen.add(user)
                    own = self._exact[user]
                    found |= own
                    if not own:
                        waiting.append(user)
        return found


def _key(node: Node) -> Key:
    """What a node is known by in all graphs that passes make."""
    return node.span, node.scope, node.op


def _users(graph: Graph) -> dict[Key, list[Key]]:
    """Who reads each node, also inside loops."""
    users: defaultdict[Key, dict[Key, None]] = defaultdict(dict)
    for node in _nodes(graph):
        for operand in node.inputs:
            users[_key(operand)][_key(node)] = None
    return {key: list(found) for key, found in users.items()}


def _nodes(graph: Iterable[Node]) -> Iterator[Node]:
    for node in graph:
        yield node
        if node.op == "scan":
            yield from _nodes(node.attrs["body"])
