"""Shapes: views, joining, cutting, repeating, edges, diagonals, indexing."""

from __future__ import annotations

from typing import Any

from ..call import Call, Translator, function, text


def _flatten(call: Call) -> str:
    shape = list(call.shape("input"))
    start, end = (call.value(name, default) for name, default in (("start_dim", 0), ("end_dim", -1)))
    if not shape:
        return f"reshape({call['input']}, [1])"
    last = end % len(shape)
    inner = " * ".join(f"{call['input']}.shape[{axis}]" for axis in range(start, last + 1))
    return f"reshape({call['input']}, {shape[:start]} + [{inner}] + {shape[last + 1 :]})"


def _transpose(call: Call) -> str:
    if not call.shape("input"):
        return call["input"]
    return f"swap_axes({call['input']}, {call['dim0']}, {call['dim1']})"


def _squeeze(call: Call) -> str:
    """Axes of another size stay there; ours would refuse them."""
    shape = call.shape("input")
    given = call.value("dim", list(range(len(shape))))
    axes = [axis for axis in (given if isinstance(given, list) else [given]) if shape and shape[axis] == 1]
    return f"squeeze({call['input']}, {axes})" if axes else call["input"]


def _repeat_interleave(call: Call) -> str:
    """The second positional argument is called `dim` in the names, but is `repeats`."""
    x, axis = call["input"], text(call.case.kw.get("dim"))
    tensor = _tensor_argument(call)
    if tensor is not None:
        total = int(call.case.inputs[int(tensor[1:])].sum())
        return f"repeat_interleave({x}, {tensor}, {axis}, {total})"
    repeats = call.case.kw.get("repeats", call.positional[-1])
    return f"repeat_interleave({x}, {text(repeats)}, {axis})"


def _tensor_argument(call: Call) -> str | None:
    """The tensor among the arguments besides the first."""
    others = [*call.positional[1:], *call.case.kw.values()]
    return next((text(item) for item in others if isinstance(item, dict) and "t" in item), None)


def _joined(name: str) -> Translator:
    def translate(call: Call) -> str:
        parts = ", ".join(_part(call, part) for part in call.arguments["tensors"])
        return f"{name}([{parts}], axis = {call.get('dim', 0)})"

    return translate


def _part(call: Call, part: dict[str, Any]) -> str:
    """What the other framework calls legacy: an empty vector goes with tensors of any shape."""
    if "legacy" not in call.case.tags or call.case.inputs[part["t"]].size:
        return text(part)
    shape = list(call.case.outputs[0].shape)
    shape[call.value("dim", 0)] = 0
    return f"reshape({text(part)}, {shape})"


def _pieces(call: Call, expression: str) -> list[str]:
    return [f"{expression}[{i}]" for i in range(len(call.case.outputs))]


def _split(call: Call) -> list[str]:
    sizes, axis = call.value("split_size_or_sections"), call.get("dim", 0)
    name = "split" if isinstance(sizes, list) else "split_every"
    return _pieces(call, f"{name}({call['tensor']}, {sizes}, {axis})")


def _listed(template: str) -> Translator:
    return lambda call: _pieces(call, template.format(**_texts(call)))


def _texts(call: Call) -> dict[str, str]:
    return {"dim": "0"} | {name: text(value) for name, value in call.arguments.items()}


def _index(call: Call) -> str:
    index = call.arguments["index"]
    items = index if isinstance(index, list) else [index]
    if sum(_is_points(item) for item in items) > 1:
        return f"at_points({call['input']}, [{', '.join(map(_points, items))}])"
    return f"{call['input']}[{', '.join(map(_item, items))}]"


def _is_points(item: Any) -> bool:
    return isinstance(item, list) or (isinstance(item, dict) and "t" in item)


def _points(item: Any) -> str:
    return f"tensor({item}, i64)" if isinstance(item, list) else text(item)


def _item(item: Any) -> str:
    if isinstance(item, dict) and "slice" in item:
        start, stop, step = ("" if end is None else str(end) for end in item["slice"])
        return f"{start}:{stop}" + (f":{step}" if step else "")
    return "..." if isinstance(item, dict) and "ellipsis" in item else text(item)


def _pad(call: Call) -> str:
    """Widths come in pairs from the last axis on; negative ones cut off."""
    x, widths, mode = call["input"], call.value("pad"), call.value("mode", "constant")
    axes = list(range(-1, -len(widths) // 2 - 1, -1))
    low, high = widths[::2], widths[1::2]
    if mode != "constant":
        return f'pad_edges({x}, {low}, {high}, {axes}, "{mode}")'
    shape = call.shape("input")
    for axis, a, b in zip(axes, low, high, strict=True):
        if min(a, b) < 0:
            x = f"narrow({x}, {axis}, {max(-a, 0)}, {shape[axis] + min(a, 0) + min(b, 0)})"
    grown = [sorted(zip(axes, (max(w, 0) for w in side), strict=True)) for side in (low, high)]
    before, after = ([width for _, width in side] for side in grown)
    return f"pad({x}, {before}, {after}, {sorted(axes)}, {call.get('value', 0)})"


OPS: dict[str, Translator] = {
    "reshape": lambda call: f"reshape({call['input']}, {call['shape']})",
    "flatten": _flatten,
    "unflatten": lambda call: f"unflatten({call['input']}, {call['dim']}, {call['sizes']})",
    "permute": lambda call: f"transpose({call['input']}, {call['dim']})",
    "transpose": _transpose,
    "movedim": lambda call: f"move_axis({call['input']}, {call['source']}, {call['destination']})",
    "expand": lambda call: f"expand({call['input']}, {call['sizes']})",
    "broadcast_to": lambda call: f"broadcast_to({call['input']}, {call['size']})",
    "squeeze": _squeeze,
    "unsqueeze": lambda call: f"expand_dims({call['input']}, {call['dim']})",
    "repeat": lambda call: f"tile({call['input']}, {call['repeats']})",
    "tile": lambda call: f"tile({call['input']}, {call['dims']})",
    "repeat_interleave": _repeat_interleave,
    "stack": _joined("stack"),
    "cat": _joined("concat"),
    "split": _split,
    "chunk": _listed("chunk({input}, {chunks}, {dim})"),
    "unbind": _listed("unbind({input}, {dim})"),
    "narrow": lambda call: f"narrow({call['input']}, {call['dim']}, {call['start']}, {call['length']})",
    "select": lambda call: f"select({call['input']}, {call['dim']}, {call['index']})",
    "__getitem__": _index,
    "flip": lambda call: f"flip({call['input']}, {call['dims']})",
    "roll": lambda call: f"roll({call['input']}, {call['shifts']}, {call.get('dims')})",
    "tril": lambda call: f"tril({call['input']}, {call.get('diagonal', 0)})",
    "triu": lambda call: f"triu({call['input']}, {call.get('diagonal', 0)})",
    "diagonal": function("diagonal", "input", offset="offset", first="dim1", second="dim2"),
    "diag_embed": lambda call: (
        f"diag_embed({call['input']}, {call.get('diagonal', call.value('offset', 0))}"
        + call.keywords(first="dim1", second="dim2")
        + ")"
    ),
    "nn.functional.pad": _pad,
}
