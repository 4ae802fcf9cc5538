"""Source text of epilogues: kernels that a product calls on each piece of its result, while it is in the
cache.

Input: an `Epilogue` and the layout of the product's meta array, which has words c, c_b and c_m. Output:
kernel source text. The kernel's `part` is the address of five numbers: batch index, first and last row, first
and last column.
"""

from __future__ import annotations

from textwrap import indent

from treadle.backends.numba_cpu.templates.epilogue import Epilogue, output_role
from treadle.backends.numba_cpu.templates.layout import MetaLayout, buffers, numbers


def epilogue_layout(dtype: str, epilogue: Epilogue) -> MetaLayout:
    """Return the words that an epilogue adds: operands and extra outputs, then their batch and row
    strides."""
    operands = [(operand.name, operand.dtype) for operand in epilogue.operands]
    operands += [(output_role(i), dtype) for i in range(1, len(epilogue.outputs))]
    return buffers(*operands) + numbers(*(f"{role}_{axis}" for role, _ in operands for axis in ("b", "m")))


def epilogue_text(dtype: str, product: MetaLayout, epilogue: Epilogue) -> str:
    """Return the source text of an epilogue of products whose meta arrays begin with `product`."""
    rows = [*_row_loads(epilogue), "for j in range(call[3], call[4]):"]
    rows += [f"    {line}" for line in _element_lines(epilogue)]
    body = [*(product + epilogue_layout(dtype, epilogue)).prologue(), "call = i64_at(part)", "i_b = call[0]"]
    body += ["for i in range(call[1], call[2]):", *(f"    {line}" for line in rows)]
    head = [
        "from treadle.backends.numba_cpu.abi import *",
        epilogue.imports(),
        "",
        "def kernel(meta, part, parts):",
    ]
    return "\n".join((*head, indent("\n".join(body), 4 * " "))) + "\n"


def _row_loads(epilogue: Epilogue) -> list[str]:
    """Return the loads that a row needs once."""
    scalars = [f"{x.name} = p_{x.name}[i_b * {x.name}_b]" for x in epilogue.kinds("scalar")]
    return scalars + [f"{x.name} = p_{x.name}[i_b * {x.name}_b + i]" for x in epilogue.kinds("row")]


def _element_lines(epilogue: Epilogue) -> list[str]:
    """Return the lines for one element."""
    loads = [f"{x.name} = p_{x.name}[i_b * {x.name}_b + j]" for x in epilogue.kinds("column")]
    loads += [f"{x.name} = p_{x.name}[{_element(x.name)}]" for x in epilogue.kinds("full")]
    roles = ["c", *map(output_role, range(1, len(epilogue.outputs)))]
    stores = [
        f"p_{role}[{_element(role)}] = {value}" for role, value in zip(roles, epilogue.outputs, strict=True)
    ]
    return [*loads, f"value = p_c[{_element('c')}]", *epilogue.lines, *stores]


def _element(role: str) -> str:
    return f"i_b * {role}_b + i * {role}_m + j"
