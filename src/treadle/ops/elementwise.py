"""How the elementwise families register an op: one call states its whole record.

A new elementwise op is one such call in `unary.py` or `binary.py`; its scalar formula may compose any scalar
intrinsics of the loop IR, so no backend needs to know it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from treadle.ops.opdef import REGISTRY, OpDef, Sample, Vjp
from treadle.ops.rules import elementwise
from treadle.types import DType

_DTYPES = {"float": (), "number": (), "bool": ("bool",), "any": ()}


def unary(
    name: str,
    doc: str,
    reference: Callable[..., Any],
    scalar: Callable[..., Any],
    vjp: Vjp | None = None,
    *,
    takes: str = "float",
    result: DType | None = None,
    values: str = "normal",
    traits: Iterable[str] = (),
) -> OpDef:
    """Registers `y = f(x)`.

    Args:
        name: the op's name.
        doc: formula and conventions.
        reference: NumPy meaning.
        scalar: formula over the scalar builder.
        vjp: gradient rule; none where `traits` has "nondiff", a zero derivative.
        takes: element types of the operand: float, number, bool or any.
        result: element type of the result where it is not that of the operand.
        values: domain of the test samples.
        traits: further traits.
    """
    return _register(name, ("x",), doc, reference, scalar, vjp, takes, result, values, traits, ((3, 4),))


def binary(
    name: str,
    doc: str,
    reference: Callable[..., Any],
    scalar: Callable[..., Any],
    vjp: Vjp | None = None,
    *,
    takes: str = "number",
    result: DType | None = None,
    values: str = "normal",
    traits: Iterable[str] = (),
) -> OpDef:
    """Registers `z = f(x, y)`, which broadcasts; arguments as for `unary`."""
    shapes = ((3, 4), (4,))
    return _register(name, ("x", "y"), doc, reference, scalar, vjp, takes, result, values, traits, shapes)


def _register(
    name: str,
    signature: tuple[str, ...],
    doc: str,
    reference: Callable[..., Any],
    scalar: Callable[..., Any],
    vjp: Vjp | None,
    takes: str,
    result: DType | None,
    values: str,
    traits: Iterable[str],
    shapes: tuple[tuple[int, ...], ...],
) -> OpDef:
    sample = Sample(shapes, domain=values, dtypes=_DTYPES[takes] * len(signature))
    return REGISTRY.add(
        OpDef(
            name,
            signature,
            elementwise(name, takes, result),
            doc,
            reference=reference,
            vjp=vjp,
            scalar=scalar,
            traits=frozenset({"elementwise", *traits}),
            samples=(sample,),
        )
    )
