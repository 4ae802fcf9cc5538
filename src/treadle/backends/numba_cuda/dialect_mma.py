"""The part of the device dialect for tensor cores: asynchronous copies to shared memory, matrix loads,
products.

Each name is one PTX instruction, or two. Source of operand layouts: PTX ISA, `cp.async`, `ldmatrix` and
`mma.sync.aligned.m16n8k16`. Needs sm_80 or later. The simulator of the tests has the same names. Non-goals:
warp-group products of sm_90.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.cuda import types
from numba.cuda.core.errors import RequireLiteralValue
from numba.cuda.extending import intrinsic
from numba.cuda.typing import signature

__all__ = [
    "cp_async16",
    "cp_async_commit",
    "cp_async_wait",
    "ldmatrix_x4",
    "ldmatrix_x4_trans",
    "mma_bf16_16816",
    "shared_address",
]

_F32, _I32, _I64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_FOUR_WORDS = types.UniTuple(types.uint32, 4)
_FOUR_FLOATS = types.UniTuple(types.float32, 4)


def _assembly(result: ir.Type, arguments: list[ir.Type], text: str, constraints: str, effect: bool) -> Any:
    """An inline instruction; with an effect it stays where it is and memory is read again after it."""
    kind = ir.FunctionType(result, arguments)
    full = f"{constraints},~{{memory}}" if effect else constraints
    return ir.InlineAsm(kind, text, full.lstrip(","), side_effect=effect)


def _address(context: Any, builder: ir.IRBuilder, kinds: Any, values: Any) -> ir.Value:
    """The address of an element, as an integer."""
    base, index = values[0], context.cast(builder, values[1], kinds[1], types.intp)
    if isinstance(kinds[0], types.Array):
        base = context.make_array(kinds[0])(context, builder, base).data
    return builder.ptrtoint(builder.gep(base, [index]), _I64)


def _packed(context: Any, builder: ir.IRBuilder, kind: Any, result: ir.Value) -> ir.Value:
    return context.make_tuple(builder, kind, [builder.extract_value(result, i) for i in range(4)])


@intrinsic
def shared_address(_context: Any, array: Any, index: Any) -> Any:
    """The address of an element within the shared memory, as the instructions below want it."""

    def emit(context: Any, builder: ir.IRBuilder, kinds: Any, values: Any) -> ir.Value:
        text = "{ .reg .u64 place; cvta.to.shared.u64 place, $1; cvt.u32.u64 $0, place; }"
        convert = _assembly(_I32, [_I64], text, "=r,l", effect=False)
        return builder.call(convert, [_address(context, builder, kinds.args, values)])

    return signature(types.uint32, array, index), emit


@intrinsic
def cp_async16(_context: Any, place: Any, pointer: Any, index: Any, valid: Any) -> Any:
    """Starts to copy 16 bytes from an element on to a shared address; only the first `valid` bytes are read,
    the others become zero."""

    def emit(context: Any, builder: ir.IRBuilder, kinds: Any, values: Any) -> ir.Value:
        text = "cp.async.cg.shared.global [$0], [$1], 16, $2;"
        copy = _assembly(ir.VoidType(), [_I32, _I64, _I32], text, "r,l,r", effect=True)
        source = _address(context, builder, kinds.args[1:3], values[1:3])
        count = context.cast(builder, values[3], kinds.args[3], types.int32)
        builder.call(copy, [context.cast(builder, values[0], kinds.args[0], types.uint32), source, count])
        return context.get_dummy_value()

    return signature(types.void, place, pointer, index, valid), emit


@intrinsic
def cp_async_commit(_context: Any) -> Any:
    """Makes a group of the copies that this thread has started since the last one."""

    def emit(context: Any, builder: ir.IRBuilder, _kinds: Any, _values: Any) -> ir.Value:
        builder.call(_assembly(ir.VoidType(), [], "cp.async.commit_group;", "", effect=True), [])
        return context.get_dummy_value()

    return signature(types.void), emit


@intrinsic
def cp_async_wait(_context: Any, pending: Any) -> Any:
    """Waits until at most `pending` groups (a literal) of this thread are on their way."""
    if not isinstance(pending, types.IntegerLiteral):
        raise RequireLiteralValue("cp_async_wait takes a literal")  # makes numba try the literal
    groups = pending.literal_value

    def emit(context: Any, builder: ir.IRBuilder, _kinds: Any, _values: Any) -> ir.Value:
        wait = f"cp.async.wait_group {groups};"
        builder.call(_assembly(ir.VoidType(), [], wait, "", effect=True), [])
        return context.get_dummy_value()

    return signature(types.void, pending), emit


def _matrix_load(order: str) -> Any:
    def load(_context: Any, place: Any) -> Any:
        def emit(context: Any, builder: ir.IRBuilder, kinds: Any, values: Any) -> ir.Value:
            four = ir.LiteralStructType([_I32] * 4)
            text = f"ldmatrix.sync.aligned.m8n8.x4{order}.shared.b16 {{$0,$1,$2,$3}}, [$4];"
            fetch = _assembly(four, [_I32], text, "=r,=r,=r,=r,r", effect=True)
            address = context.cast(builder, values[0], kinds.args[0], types.uint32)
            return _packed(context, builder, kinds.return_type, builder.call(fetch, [address]))

        return signature(_FOUR_WORDS, place), emit

    return load


ldmatrix_x4 = intrinsic(_matrix_load(""))
ldmatrix_x4_trans = intrinsic(_matrix_load(".trans"))


@intrinsic
def mma_bf16_16816(
    _context: Any, a0: Any, a1: Any, a2: Any, a3: Any, b0: Any, b1: Any, c0: Any, c1: Any, c2: Any, c3: Any
) -> Any:
    """A B + C for A of 16x16 and B of 16x8 in bfloat16, C of 16x8 in float32."""

    def emit(context: Any, builder: ir.IRBuilder, kinds: Any, values: Any) -> ir.Value:
        four = ir.LiteralStructType([_F32] * 4)
        text = (
            "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
            "{$0,$1,$2,$3}, {$4,$5,$6,$7}, {$8,$9}, {$10,$11,$12,$13};"
        )
        constraints = ",".join(["=f"] * 4 + ["r"] * 6 + ["f"] * 4)
        multiply = _assembly(four, [_I32] * 6 + [_F32] * 4, text, constraints, effect=False)
        return _packed(context, builder, kinds.return_type, builder.call(multiply, values))

    arguments = (a0, a1, a2, a3, b0, b1, c0, c1, c2, c3)
    return signature(_FOUR_FLOATS, *arguments), emit
