"""Ops that are not elementwise in NumPy: a table from op to the text of its result."""

from __future__ import annotations

from collections.abc import Callable

from treadle.interop.standalone.rules import Rule, Use
from treadle.interop.standalone.text import PRODUCT, Text, call, infix, literal, method, numbers, sequence
from treadle.types import DimLike, DType

_WITHOUT_PADDING = ((0, 0), (0, 0))
_CONV_DEFAULTS = {"stride": (1, 1), "padding": _WITHOUT_PADDING, "dilation": (1, 1), "groups": 1}
_UNIFORM_BITS = {DType.F16: 11, DType.BF16: 8}


def axes_text(axes: tuple[int, ...]) -> str:
    """Axes as NumPy takes them: one alone, or a tuple."""
    return str(axes[0]) if len(axes) == 1 else numbers(axes).text


def _reduction(method_name: str, helper: str | None = None) -> Rule:
    """A reduction; over axes that may be empty, a helper knows what comes out. Small integers stay small."""

    def rule(use: Use) -> Text:
        x, axes, keepdims = use.operands[0], use.node.attrs["axes"], use.node.attrs["keepdims"]
        named: dict[str, object] = {"keepdims": True if keepdims else None}
        if helper and 0 in use.node.inputs[0].type.shape:
            return use.helper(helper, x, axes_text(axes), **named)
        if use.node.type.dtype in {DType.I32, DType.U8} and method_name in {"sum", "prod"}:
            named["dtype"] = use.array_type
        everything = len(axes) == use.node.inputs[0].type.rank and not keepdims
        if not axes:
            return x
        return method(x, method_name, **({} if everything else {"axis": axes_text(axes)}), **named)

    return rule


def _position(name: str) -> Rule:
    """The first extremum; NumPy lets NaN win, too."""

    def rule(use: Use) -> Text:
        return method(use.operands[0], name, axis=use.node.attrs["axis"])

    return rule


def _cumsum(use: Use) -> Text:
    axis = use.node.attrs["axis"]
    if use.node.attrs["reverse"]:
        return use.helper("cumsum_from_the_end", use.operands[0], axis=axis)
    return call("np.cumsum", use.operands[0], axis=axis, dtype=use.array_type)


def _reshape(use: Use) -> Text:
    shape = [use.dim(dim) for dim in use.node.attrs["shape"]]
    if use.node.inputs[0].type.rank == 0 and not shape:
        return use.operands[0]
    return method(use.operands[0], "reshape", *(shape or [sequence(())]))


def _transpose(use: Use) -> Text:
    perm = use.node.attrs["perm"]
    if perm == tuple(reversed(range(len(perm)))) and len(perm) == 2:
        return Text(f"{use.operands[0].atom}.T")
    return method(use.operands[0], "transpose", *map(str, perm))


def _slice(use: Use) -> Text:
    parts = [
        _range(use, *limits)
        for limits in zip(
            *(use.node.attrs[k] for k in ("starts", "stops", "steps")),
            use.node.inputs[0].type.shape,
            strict=True,
        )
    ]
    while parts and parts[-1] == ":":
        parts.pop()
    return Text(f"{use.operands[0].atom}[{', '.join(parts)}]") if parts else use.operands[0]


def _range(use: Use, start: DimLike, stop: DimLike, step: int, length: DimLike) -> str:
    first = "" if start == 0 else use.dim(start).text
    last = "" if stop == length else use.dim(stop).text
    return f"{first}:{last}" + (f":{step}" if step != 1 else "")


def _pad(use: Use) -> Text:
    low, high, value = (use.node.attrs[key] for key in ("low", "high", "value"))
    if not low:
        return use.operands[0]
    widths = sequence(sequence((use.dim(a), use.dim(b))) for a, b in zip(low, high, strict=True))
    given = literal(value, use.node.type.dtype).text if value else None
    return call("np.pad", use.operands[0], widths, constant_values=given)


def _concat(use: Use) -> Text:
    parts = f"[{', '.join(part.bare for part in use.operands)}]"
    return call("np.concatenate", parts, axis=use.node.attrs["axis"])


def _windows(use: Use) -> Text:
    attrs = use.node.attrs
    given = {name: numbers(attrs[name]).text for name in ("axes", "sizes", "strides", "dilations")}
    if use.node.op == "fold_windows":
        given = {"shape": use.shape(attrs["shape"]).text, **given}
    return use.helper(use.node.op, use.operands[0], **given)


def _conv(helper: str, extent: str | None) -> Rule:
    def rule(use: Use) -> Text:
        attrs = use.node.attrs
        named: dict[str, object] = {extent: use.shape(attrs[extent]).text} if extent else {}
        for name, default in _CONV_DEFAULTS.items():
            if attrs[name] != default:
                named[name] = attrs[name] if isinstance(attrs[name], int) else numbers(attrs[name]).text
        return use.helper(helper, *use.operands, **named)

    return rule


def _take(use: Use) -> Text:
    """Indices are in range when data are loaded; NumPy would count negative ones from the end."""
    return call("np.take", *use.operands, axis=use.node.attrs["axis"], mode='"clip"')


def _scatter(use: Use) -> Text:
    attrs = use.node.attrs
    extent = {"size": use.dim(attrs["size"]).text} if "size" in attrs else {}
    return use.helper(use.node.op, *use.operands, axis=attrs["axis"], **extent)


def _argsort(use: Use) -> Text:
    descending = True if use.node.attrs["descending"] else None
    return use.helper("argsort", use.operands[0], axis=use.node.attrs["axis"], descending=descending)


def _draw(use: Use) -> Text:
    attrs = use.node.attrs
    named: dict[str, object] = {"stream": attrs["stream"]}
    name, dtype = use.node.op, attrs["dtype"]
    if dtype is DType.F64:
        name += "_f64"
    elif name == "random_uniform" and dtype in _UNIFORM_BITS:
        named["bits"] = _UNIFORM_BITS[dtype]
    return use.helper(name, use.operands[0], use.shape(attrs["shape"]), **named)


def _const(use: Use) -> Text:
    """A constant where an array is needed."""
    attrs = use.node.attrs
    value = attrs["value"]
    text = literal(value, attrs["dtype"]) if isinstance(value, bool | int | float) else use.dim(value)
    if not attrs["shape"]:
        return call(use.array_type, text)
    if text.text in {"0", "1"}:
        return call("np.zeros" if text.text == "0" else "np.ones", use.shape(attrs["shape"]), use.array_type)
    return call("np.full", use.shape(attrs["shape"]), text, use.array_type)


def _table(use: Use) -> Text:
    attrs = use.node.attrs
    values = ", ".join(literal(value, attrs["dtype"]).text for value in attrs["values"])
    array = call("np.array", f"[{values}]", use.array_type)
    return (
        array
        if len(attrs["shape"]) == 1
        else method(array, "reshape", *(map(str, attrs["shape"]) if attrs["shape"] else ["()"]))
    )


def _iota(use: Use) -> Text:
    attrs = use.node.attrs
    shape, axis = attrs["shape"], attrs["axis"]
    kept = attrs["dtype"] is DType.I64
    if len(shape) == 1:
        return call("np.arange", use.dim(shape[0]), *(() if kept else (use.array_type,)))
    full = use.helper("iota", use.shape(shape), axis=axis)
    return full if kept else method(full, "astype", use.array_type)


def _named(helper: str) -> Callable[[Use], Text]:
    return lambda use: use.helper(helper, *use.operands)


RULES: dict[str, Rule] = {
    "const": _const,
    "table": _table,
    "iota": _iota,
    "reshape": _reshape,
    "transpose": _transpose,
    "broadcast_to": lambda use: call("np.broadcast_to", use.operands[0], use.shape(use.node.attrs["shape"])),
    "slice": _slice,
    "flip": lambda use: call("np.flip", use.operands[0], axes_text(use.node.attrs["axes"])),
    "pad": _pad,
    "concat": _concat,
    "windows": _windows,
    "fold_windows": _windows,
    "sum": _reduction("sum"),
    "prod": _reduction("prod"),
    "max": _reduction("max", "largest"),
    "min": _reduction("min", "smallest"),
    "argmax": _position("argmax"),
    "argmin": _position("argmin"),
    "cumsum": _cumsum,
    "matmul": lambda use: infix(use.operands[0], "@", use.operands[1], PRODUCT),
    "conv": _conv("convolve", None),
    "conv_input_grad": _conv("convolve_input_grad", "in_size"),
    "conv_filter_grad": _conv("convolve_filter_grad", "kernel"),
    "take": _take,
    "take_along": lambda use: use.helper("take_along", *use.operands, axis=use.node.attrs["axis"]),
    "scatter_add": _scatter,
    "scatter_add_along": _scatter,
    "scatter_add_into": _scatter,
    "scatter_max": _scatter,
    "scatter_max_along": _scatter,
    "argsort": _argsort,
    "solve": _named("solve"),
    "det": _named("det"),
    "eigenvectors": _named("eigenvectors"),
    "fold_in": _named("fold_in"),
    "random_uniform": _draw,
    "random_normal": _draw,
}
