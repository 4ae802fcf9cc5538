"""The op reference: the registry as a page."""

from __future__ import annotations

from collections.abc import Iterable

from refusals import refusals
from treadle.ops import FAMILIES, REGISTRY, OpDef

_HEADER = """# Operators

Generated from the registry by `docs/generate.py`; edit the records in `src/treadle/ops/`, not this page.

These are the {count} operations that graphs are made of, the words of `--emit=graph`. A spec rarely names
them: it uses the [library](library.md), which is built of them. Operands of elementwise ops broadcast; axes
in graphs are counted from 0. The column "derivative" says *rule* for an op with a rule, *zero* for one that
passes no gradient, *expanded* for one that is first replaced by simpler ones, and is empty for those that
`autodiff` treats itself.
"""
_REFUSED = """## What is refused

Found by changing the samples of each op in one place at a time: element types, axes, sizes, attributes. All
of it is refused when a spec is checked, at the place in the spec that asks for it; `treadle explain CODE`
tells more. Changes that an op takes are not listed.
"""
_TITLES = {
    "leaves": "Leaves",
    "unary": "Elementwise, one operand",
    "binary": "Elementwise, two and three operands",
    "structure": "Structure",
    "windows": "Windows",
    "reduce": "Reductions",
    "linalg": "Products",
    "conv": "Convolution",
    "gather": "Gather and scatter",
    "random": "Random draws",
    "control": "Control",
}


def ops_page() -> str:
    """`docs/ops.md`."""
    parts = [_HEADER.format(count=len(REGISTRY.names()))]
    for module in FAMILIES:
        family = module.__name__.rsplit(".", 1)[-1]
        ops = [op for op in REGISTRY if family_of(op) == family]
        if ops:
            parts.append(
                f"## {_TITLES.get(family, family.capitalize())}\n\n{_intro(module.__doc__)}\n\n{_table(ops)}"
            )
    return "\n".join([*parts, _refusals()])


def _refusals() -> str:
    """What each op refuses, by code."""
    rows = [f"| `{op.name}` | {_refused(op)} |" for op in REGISTRY if op.samples]
    return "\n".join([_REFUSED, "| Op | Refused |", "|---|---|", *rows]) + "\n"


def _refused(op: OpDef) -> str:
    by_code: dict[str, list[str]] = {}
    for what, code in refusals(op).items():
        by_code.setdefault(code, []).append(what)
    return "; ".join(f"{code}: {', '.join(found)}" for code, found in sorted(by_code.items()))


def family_of(op: OpDef) -> str:
    """The module of `treadle.ops` that holds an op's record."""
    if op.is_elementwise:
        return "unary" if len(op.signature) == 1 else "binary"
    return op.infer.__module__.rsplit(".", 1)[-1]


def _intro(docstring: str | None) -> str:
    """The first paragraph of a module's docstring."""
    return " ".join((docstring or "").partition("\n\n")[0].split())


def _table(ops: Iterable[OpDef]) -> str:
    rows = ["| Op | Meaning | Traits | Derivative |", "|---|---|---|---|", *(_row(op) for op in ops)]
    return "\n".join(rows) + "\n"


def _row(op: OpDef) -> str:
    traits = ", ".join(sorted(op.traits - {"elementwise", "nondiff", "leaf", "reduction"}))
    meaning = " ".join(op.doc.split()).replace("|", "\\|")
    return f"| `{_call(op)}` | {meaning} | {traits} | {_derivative(op)} |"


def _call(op: OpDef) -> str:
    attrs = [name if default is ... else f"{name} = {_value(default)}" for name, default in op.attrs.items()]
    inside = ", ".join(op.signature)
    return f"{op.name}({'; '.join(part for part in (inside, ', '.join(attrs)) if part)})"


def _value(default: object) -> str:
    return str(default)


def _derivative(op: OpDef) -> str:
    if op.vjp is not None:
        return "rule"
    if op.decompose is not None:
        return "expanded"
    return "zero" if "nondiff" in op.traits else ""
