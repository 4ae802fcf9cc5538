"""Products, systems of equations, distances."""

from __future__ import annotations

from ..call import Call, Translator, function


def _matmul(call: Call) -> str:
    first, second = call.case.names[:2]
    return f"{call[first]} @ {call[second]}"


def _einsum(call: Call) -> str:
    tensors = ", ".join(f"t{number}" for number in range(len(call.case.inputs)))
    return f'einsum("{call.positional[0]}", {tensors})'


def _added_product(first: str, second: str) -> Translator:
    return function("add_product", "input", first, second, beta="beta", alpha="alpha")


OPS: dict[str, Translator] = {
    **dict.fromkeys(("matmul", "mm", "bmm", "mv"), _matmul),
    "dot": function("dot", "input", "other"),
    "outer": function("outer", "input", "vec2"),
    "addmm": _added_product("mat1", "mat2"),
    "baddbmm": _added_product("batch1", "batch2"),
    "einsum": _einsum,
    "tensordot": function("tensordot", "a", "b", axes="dims"),
    "trace": function("trace", "input"),
    "linalg.inv": function("inverse", "input"),
    "linalg.det": function("det", "input"),
    "linalg.solve": function("solve", "A", "B"),
    "nn.functional.linear": function("affine", "input", "weight", bias="bias"),
    "nn.functional.bilinear": function("bilinear", "input1", "input2", "weight", bias="bias"),
    "cdist": function("distances", "x1", "x2", power="p"),
}
