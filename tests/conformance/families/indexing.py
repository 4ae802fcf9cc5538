"""Reading and writing at computed positions; a number alone is made a vector of one."""

from __future__ import annotations

from ..call import Call, Translator, function, text

_COMBINE = {"amax": "max", "amin": "min"}


def _vector(call: Call, name: str) -> str:
    """A tensor with at least one axis."""
    return call[name] if call.shape(name) else f"{call[name]}[none]"


def _gather(call: Call) -> str:
    """Positions may cover only the beginning of the other axes."""
    x, axis = _vector(call, "input"), call.value("dim")
    back = "" if call.shape("index") else "[0]"
    shape, covered = call.shape("input"), call.shape("index")
    cut = ", ".join(":" if k == axis % len(shape) else f":{covered[k]}" for k in range(len(shape)))
    read = x if not shape or shape == covered else f"{x}[{cut}]"
    return f"take_along({read}, {_vector(call, 'index')}, {axis}){back}"


def _take_along(call: Call) -> str:
    if "dim" not in call:
        flat = (f"reshape({call[name]}, [-1])" for name in ("input", "indices"))
        return f"take_along({', '.join(flat)}, 0)"
    axis = call.value("dim")
    return f"take_along({call['input']}, {call['indices']} % {call.shape('input')[axis]}, {axis})"


def _scatter(combine: str | None) -> Translator:
    def translate(call: Call) -> str:
        how = combine or call.value("reduce")
        given = ", ".join(call[name] for name in ("input", "index", "src", "dim"))
        include = call.keywords(include="include_self")
        return f'scatter({given}, combine = "{_COMBINE.get(how, how)}"{include})'

    return translate


def _put(values: str, combine: str) -> Translator:
    def translate(call: Call) -> str:
        sent = call[values]
        if call.is_tensor(values) and not call.shape("input") and not call.shape(values):
            sent = f"{sent}[none]"
        if "alpha" in call:
            sent = f"{call['alpha']} * {sent}"
        given = f'{_vector(call, "input")}, {call["index"]}, {sent}, {call["dim"]}, combine = "{combine}"'
        return f"put({given})" + ("" if call.shape("input") else "[0]")

    return translate


def _index_select(call: Call) -> str:
    taken = f"take({_vector(call, 'input')}, {call['index']}, {call['dim']})"
    return taken if call.shape("input") else f"{taken}[0]"


def _index_put(call: Call) -> str:
    """Several index vectors name elements of the first axes together; a mask of rows chooses between two."""
    ids, x, values = call.positional[1], call["input"], call["values"]
    sums = call.value("accumulate") is True
    names = [text(one) for one in ids]
    first = call.value("indices")[0]
    if first.dtype.kind == "b":
        rows = f"reshape({names[0]}, [{first.size}, 1])"
        return f"{x} + where({rows}, {values}, 0)" if sums else f"where({rows}, {values}, {x})"
    shape = call.shape("input")
    joined = shape[len(names) :]
    flat, place = 1, names[0]
    for name, size in zip(names[1:], shape[1:], strict=False):
        place = f"({place}) * {size} + {name}"
    for size in shape[: len(names)]:
        flat *= size
    combine = "sum" if sums else "last"
    put = f'put(reshape({x}, {text([flat, *joined])}), {place}, {values}, combine = "{combine}")'
    return f"reshape({put}, {text(list(shape))})"


def _segment_reduce(call: Call) -> str:
    total, count = call.shape("data")[0], call.tensor("lengths").shape[0]
    ids = f"segment_ids({call['lengths']}, {total})"
    empty = call.keywords(empty="initial") if call.value("reduce") in {"max", "min"} else ""
    return f"segment_{call.value('reduce')}({call['data']}, {ids}, {count}{empty})"


def _one_hot(call: Call) -> str:
    classes = call.value("num_classes", -1)
    count = classes if classes > 0 else int(call.tensor("tensor").max()) + 1
    return f"one_hot({call['tensor']}, {count}, i64)"


OPS: dict[str, Translator] = {
    "gather": _gather,
    "take_along_dim": _take_along,
    "scatter": _scatter("last"),
    "scatter_add": _scatter("sum"),
    "scatter_reduce": _scatter(None),
    "index_select": _index_select,
    "index_add": _put("source", "sum"),
    "index_copy": _put("source", "last"),
    "index_fill": _put("value", "last"),
    "index_put": _index_put,
    "masked_fill": function("masked_fill", "input", "mask", "value"),
    "segment_reduce": _segment_reduce,
    "nn.functional.one_hot": _one_hot,
}
