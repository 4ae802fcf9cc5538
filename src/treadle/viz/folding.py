"""Which layers are folded up into one box: those at a depth, but for layers opened or closed by name.

Input: elements, a depth, names. Output: a `Folding`. Non-goals: the boxes themselves (`group`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from treadle.errors import did_you_mean, fail
from treadle.viz.scene import LOOP_MARK, Element, Path, part_name


@dataclass(frozen=True)
class Folding:
    """Layers nested `depth` deep are folded (None: none is) unless `opened`; `closed` ones always are.

    `opened` holds the layers around each opened one as well.
    """

    depth: int | None = None
    opened: frozenset[Path] = frozenset()
    closed: frozenset[Path] = frozenset()

    def folded(self, path: Path) -> Path | None:
        """The outermost folded layer around a path, if there is one."""
        around = accumulate(((part,) for part in path), lambda outer, part: outer + part)
        return next((layer for layer in around if self._is_folded(layer)), None)

    def _is_folded(self, layer: Path) -> bool:
        deep = self.depth is not None and len(layer) >= self.depth
        return layer in self.closed or (deep and layer not in self.opened)


def folding(
    elements: Iterable[Element], depth: int | None, opened: Sequence[str] = (), closed: Sequence[str] = ()
) -> Folding:
    """The folding at a depth with exceptions by name.

    A name is a layer path, such as `encoder.block[2].attn`, or the end of one: then all such layers. Without
    its index, `block` means all blocks.

    Raises:
        TreadleError: E1003 for a depth below 1 and for a name that no layer has.
    """
    if depth is not None and depth < 1:
        fail("E1003", f"depth {depth} is too small", hint="depth 1 shows one box per layer of the model")
    layers = layers_of(elements)
    inside = [layer for name in opened for layer in _named(layers, name, "--open")]
    return Folding(
        depth,
        frozenset(layer[:end] for layer in inside for end in range(1, len(layer) + 1)),
        frozenset(layer for name in closed for layer in _named(layers, name, "--close")),
    )


def layers_of(elements: Iterable[Element]) -> list[Path]:
    """All layers and loops that some element is in, outer ones first."""
    paths = dict.fromkeys(element.path for element in elements)
    return list(dict.fromkeys(path[:end] for path in paths for end in range(1, len(path) + 1)))


def layer_name(path: Path) -> str:
    """The name of a layer, as it is said on the command line; loops do not count."""
    return ".".join(part_name(part) for part in path if LOOP_MARK not in part)


def _named(layers: list[Path], name: str, option: str) -> list[Path]:
    found = [layer for layer in layers if _is_called(layer_name(layer), name)]
    if not found or not name:
        names = list(dict.fromkeys(layer_name(layer) for layer in layers if layer_name(layer)))
        ends = [known.rpartition(".")[2] for known in names]
        hint = did_you_mean(name, [*names, *ends, *(end.partition("[")[0] for end in ends)])
        listed = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
        fail("E1003", f"`{option} {name}` names no layer", hint=hint or f"layers are: {listed or 'none'}")
    return found


def _is_called(layer: str, name: str) -> bool:
    around, dot, own = layer.rpartition(".")
    plain = f"{around}{dot}{own.partition('[')[0]}"
    return f".{layer}".endswith(f".{name}") or f".{plain}".endswith(f".{name}")
