"""A case as a spec: one model whose outputs are values, gradients and second-order products.

y0, y1 = <the translated call>
g0 = grad(sum(y0 * c0) + sum(y1 * c1), t0)
h0 = grad(sum(g0 * v0) + ..., t0)
"""

from __future__ import annotations

from collections.abc import Iterator

from .call import Call, Translator
from .cases import Array, Case

KINDS = {"f": "float", "i": "i64", "u": "i64", "b": "bool"}


def inputs_of(case: Case) -> dict[str, Array]:
    """The arrays that a run of the case is given, by input name."""
    given = {f"t{i}": array for i, array in enumerate(case.inputs)}
    given |= {f"c{i}": array for i, array in enumerate(case.cot) if array is not None}
    return given | {f"v{i}": array for i, array in case.v.items() if array is not None and has_second(case)}


def has_second(case: Case) -> bool:
    """Whether the case has a second-order product that is not zero by construction."""
    return any(product is not None for product in case.hvp.values())


def spec_text(case: Case, translate: Translator, dtype: str) -> str:
    """The spec of a case.

    Raises:
        SkipError: from the translator.
    """
    lines = [f"input {name}: {_type(array, dtype)}" for name, array in inputs_of(case).items()]
    lines += _values(case, translate(Call(case)))
    lines += _gradients(case)
    body = "\n".join(f"  {line}" for line in lines)
    return f"model Case {{\n{body}\n}}\n"


def _type(array: Array, dtype: str) -> str:
    kind = dtype if array.dtype.kind == "f" else KINDS[array.dtype.kind]
    return f"{kind}[{', '.join(map(str, array.shape))}]"


def _values(case: Case, translated: str | list[str]) -> Iterator[str]:
    names = [f"y{i}" for i in range(len(case.outputs) + len(case.mutated))]
    if isinstance(translated, list):
        yield from (f"{name} = {expression}" for name, expression in zip(names, translated, strict=True))
    else:
        yield f"{', '.join(names)} = {translated}"
    yield from (f"output {name} = {name}" for name in names)


def _gradients(case: Case) -> Iterator[str]:
    wanted = [i for i in case.wrt if case.grad[i] is not None]
    terms = [f"sum(y{i} * c{i})" for i, cot in enumerate(case.cot) if cot is not None]
    if not wanted or not terms:
        return
    yield f"s = {' + '.join(terms)}"
    for i in wanted:
        yield f"g{i} = grad(s, t{i})"
        yield f"output g{i} = g{i}"
    second = [i for i, product in case.hvp.items() if product is not None]
    if second:
        products = [f"sum(g{i} * v{i})" for i in wanted if case.v.get(i) is not None]
        yield f"r = {' + '.join(products)}"
    for i in second:
        yield f"output h{i} = grad(r, t{i})"
