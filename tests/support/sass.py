"""Machine code of kernels: what resources it takes, which instructions it has, and the limits it must hold.

Reads cubins with `cuobjdump` and `nvdisasm`; needs no GPU.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from support.cuda_parts import tool
from treadle.backends.numba_cuda.kernel import KernelSource

REGISTERS = 65536  # of a multiprocessor
REGISTERS_OF_A_THREAD = 255
STATIC_SHARED = 48 * 1024
DYNAMIC_SHARED = {"sm_80": 163 * 1024, "sm_90a": 227 * 1024}
"""Dynamic shared memory that a block may have, in bytes. Source: CUDA C++ Programming Guide, table of compute
capabilities."""

_USAGE = re.compile(r"REG:(\d+) STACK:(\d+) SHARED:(\d+) LOCAL:(\d+)")
_INSTRUCTION = re.compile(r"\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9_.]*)")
_FLOAT64 = {"DADD", "DMUL", "DFMA", "DSETP", "DMNMX", "DMMA"}


@dataclass(frozen=True)
class Code:
    """What a cubin holds: registers of a thread, bytes of stack, static shared and local memory, opcodes."""

    registers: int
    stack: int
    shared: int
    local: int
    opcodes: Counter[str]

    def count(self, opcode: str) -> int:
        """How many instructions have this opcode, or it and further modifiers."""
        wanted = opcode.split(".")
        return sum(number for name, number in self.opcodes.items() if starts(name.split("."), wanted))


def starts(name: list[str], wanted: list[str]) -> bool:
    """Whether the opcode is the wanted one, and has the wanted modifiers."""
    return name[0] == wanted[0] and set(wanted[1:]) <= set(name[1:])


def read_code(cubin: bytes) -> Code:
    """Looks into a cubin."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "kernel.cubin")
        path.write_bytes(cubin)
        usage = _USAGE.search(_output("cuobjdump", "--dump-resource-usage", path))
        listing = _output("nvdisasm", "-c", path)
    assert usage is not None, "cuobjdump names no resources"
    opcodes = Counter(found.group(1) for found in map(_INSTRUCTION.search, listing.splitlines()) if found)
    return Code(*map(int, usage.groups()), opcodes)


def _output(name: str, *arguments: str | Path) -> str:
    program = tool(name)
    assert program is not None, f"{name} is absent"
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=True).stdout


def broken_limits(source: KernelSource, code: Code) -> list[str]:
    """What a kernel's machine code must not do, and does."""
    budget = min(REGISTERS_OF_A_THREAD, REGISTERS // (source.threads * source.blocks))
    checks = {
        f"{code.registers} registers, above {budget}": code.registers <= max(budget, 16),
        f"{code.stack} bytes of stack": code.stack == 0,
        f"{code.local} bytes of local memory": code.local == 0,
        "loads or stores local memory": not code.count("LDL") and not code.count("STL"),
        "calls a function": not code.count("CALL.ABS"),  # divisions jump to a part of their own kernel
        f"{code.shared} bytes of static shared memory": code.shared <= STATIC_SHARED,
        "generic instead of global accesses": not code.count("LD") and not code.count("ST"),
        "float64 instructions in a kernel without float64": wants_float64(source) or not float64_in(code),
    }
    return [what for what, holds in checks.items() if not holds]


def wants_float64(source: KernelSource) -> bool:
    """Whether a kernel computes in float64 by intention: it names the type, or has such a parameter."""
    return "float64" in source.text or "_f64" in source.text or any("f64" in param for param in source.params)


def float64_in(code: Code) -> list[str]:
    """The float64 instructions, conversions included."""
    return [
        name for name in code.opcodes if name.split(".")[0] in _FLOAT64 or "64H" in name or ".F64" in name
    ]


def assert_limits(source: KernelSource, code: Code, *expected: str) -> None:
    """Fails if a limit is broken, or one of the expected opcodes is absent."""
    broken = broken_limits(source, code) + [f"no {opcode}" for opcode in expected if not code.count(opcode)]
    assert not broken, f"{source.name}: {'; '.join(broken)}"
