"""The words in a picture: what nodes, tensors, loops and ends are called.

Input: nodes and types. Output: plain text, escaped later by `dot`. Non-goals: layout.
"""

from __future__ import annotations

from typing import Any

from treadle.ir import Node
from treadle.types import Dim, DimLike, DType, TensorType
from treadle.viz.scene import Kind

NORM = "½ |d loss|²"
_SLOPES = {"grad": "loss", "second": "loss", "hessian": NORM}
_LONGEST_NAME = 60


def type_text(type_: TensorType) -> str:
    """`[N, 1, 28, 28]`; the element type is named only when it is not f32, and a scalar is called one."""
    dtype = "" if type_.dtype is DType.F32 else str(type_.dtype)
    if not type_.shape:
        return f"{dtype} scalar".lstrip()
    return f"{dtype}[{', '.join(str(dim) for dim in type_.shape)}]"


def leaf_label(node: Node) -> str:
    """Name and type of an input, parameter or state, with the number of values of the latter two."""
    name = str(node.attrs["name"])
    if node.op == "input":
        return f"{shortened(name)}\n{type_text(node.type)}"
    own = name.rsplit(":", 1)[-1].removeprefix(f"{node.scope}.")
    return f"{shortened(own)} {type_text(node.type)}: {grouped(node.type.size)}"


def node_label(node: Node) -> str:
    """The op with what matters of its attributes and of constant operands: `mul 0.5`, `sum over N`."""
    write = _WRITERS.get(node.op)
    words = write(node) if write else _with_axes(node)
    numbers = [_number(operand) for operand in node.inputs]
    return " ".join([words, *(number for number in numbers if number)])


def scan_label(node: Node) -> str:
    """What a loop says above its body."""
    reverse = ", backwards" if node.attrs.get("reverse") else ""
    truncate = node.attrs.get("truncate")
    window = f", gradient cut every {truncate} steps" if truncate else ""
    return f"scan, {node.attrs['length']} steps{reverse}{window}"


def end_label(name: str) -> tuple[Kind, str]:
    """The kind and words of a named result of the graph."""
    role, _, own = name.partition(":")
    if role in _SLOPES:
        return Kind.GRADIENT, f"d {_SLOPES[role]} / d {shortened(own)}"
    if role == "norm":
        return Kind.OUTPUT, NORM
    if role == "loss":
        return Kind.LOSS, shortened(own) or "loss"
    return Kind.OUTPUT, f"{role} {shortened(own)}" if own else role


def grouped(count: DimLike) -> str:
    """A count with thin groups of three digits: `1 003 520`, never broken across lines."""
    return f"{count:,}".replace(",", "\u202f") if isinstance(count, int) else str(count)


def shortened(text: str) -> str:
    """The text, cut in the middle when it is too long for a box."""
    if len(text) <= _LONGEST_NAME:
        return text
    half = _LONGEST_NAME // 2 - 1
    return f"{text[:half]}…{text[-half:]}"


def _number(node: Node) -> str:
    """The value of a uniform constant, also when broadcast or cast; empty for other operands."""
    while node.op in {"broadcast_to", "cast", "reshape"}:
        node = node.inputs[0]
    return _const(node) if node.op == "const" else ""


def _with_axes(node: Node) -> str:
    axes = node.attrs.get("axes", node.attrs.get("axis"))
    if axes is None or not node.inputs:
        return node.op
    return f"{node.op} over {_axis_names(node.inputs[0], axes)}"


def _axis_names(operand: Node, axes: Any) -> str:
    positions = axes if isinstance(axes, tuple) else (axes,)
    shape = operand.type.shape
    names = [str(shape[p]) if p < len(shape) and not isinstance(shape[p], int) else str(p) for p in positions]
    numbered = all(name.isdigit() for name in names)
    return f"{'axis' if len(names) == 1 else 'axes'} {', '.join(names)}" if numbered else ", ".join(names)


def _conv(node: Node) -> str:
    kernel = node.attrs.get("kernel") or (node.inputs[1].type.shape[2:] if node.op == "conv" else ())
    size = "×".join(str(k) for k in kernel)
    extras = [f"{name} {_pairs(node.attrs[name])}" for name in ("stride", "dilation") if _matters(node, name)]
    if any(any(pair) for pair in node.attrs["padding"]):
        extras.append(f"padding {_pairs(tuple(low for low, _ in node.attrs['padding']))}")
    if node.attrs["groups"] != 1:
        extras.append(f"groups {node.attrs['groups']}")
    return ", ".join([f"{node.op} {size}".strip(), *extras])


def _matters(node: Node, name: str) -> bool:
    return any(value != 1 for value in node.attrs[name])


def _pairs(values: tuple[Any, ...]) -> str:
    return str(values[0]) if len(set(values)) == 1 else "×".join(str(value) for value in values)


def _windows(node: Node) -> str:
    words = node.op.replace("_", " ")
    return f"{words} {'×'.join(str(s) for s in node.attrs['sizes'])}, stride {_pairs(node.attrs['strides'])}"


def _const(node: Node) -> str:
    value = node.attrs["value"]
    return str(value) if isinstance(value, Dim) else f"{value:.6g}"


def _cast(node: Node) -> str:
    return f"cast to {node.attrs['dtype']}"


def _iota(_node: Node) -> str:
    return "0, 1, 2, …"


_WRITERS = {
    "const": _const,
    "cast": _cast,
    "conv": _conv,
    "conv_input_grad": _conv,
    "conv_filter_grad": _conv,
    "windows": _windows,
    "fold_windows": _windows,
    "iota": _iota,
}
