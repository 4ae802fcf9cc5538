"""Kernel source text -> LLVM module: Numba's front half (bytecode, type inference, lowering) and nothing
more.

Input: text that defines `kernel(meta, part, parts)`. Output: LLVM IR text that exports one C function. Non-
goals: optimisation and object code (compile.py). Imported on a cache miss only.
"""

from __future__ import annotations

import re
from typing import Any

import llvmlite.binding as llvm
from numba.core import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, Flags, compile_extra
from numba.core.compiler_machinery import PassManager
from numba.core.cpu_options import FastMathOptions
from numba.core.registry import cpu_target
from numba.core.typed_passes import (
    AnnotateTypes,
    IRLegalization,
    NativeLowering,
    NoPythonBackend,
    NopythonTypeInference,
)
from numba.core.untyped_passes import FixupArgs, IRProcessing, TranslateByteCode

from treadle.backends.numba_cpu.kernel import ENTRY, KernelSource

_WRAPPER = """
define void @{symbol}(i64 %meta, i64 %part, i64 %parts) {{
  %result = alloca ptr
  %error = alloca ptr
  %status = call i32 @{inner}(ptr %result, ptr %error, i64 %meta, i64 %part, i64 %parts)
  ret void
}}
"""


def source_to_module(source: KernelSource, symbol: str) -> llvm.ModuleRef:
    """Return the unoptimised module of a kernel, its only export being `void symbol(int64, int64, int64)`."""
    compiled = _lower(_load(source))
    inner = compiled.fndesc.llvm_func_name
    text = re.sub(r'^@"?_ZN08NumbaEnv.*\n', "", compiled.library.text, flags=re.MULTILINE)
    text = re.sub(rf'^define i32 @"?{inner}"?', f"define internal i32 @{inner}", text, flags=re.MULTILINE)
    module = llvm.parse_assembly(text + _WRAPPER.format(symbol=symbol, inner=inner))
    _link_helpers(module, compiled.library)
    return module


def _link_helpers(module: llvm.ModuleRef, library: Any) -> None:
    """Add the bodies of called helper functions; Numba's run-time library is not needed, kernels allocate
    nothing."""
    for helper in library._linking_libraries:  # noqa: SLF001  Numba links in `finalize`, which also compiles
        if helper.name != "nrt":
            module.link_in(helper._get_module_for_linking(), preserve=True)  # noqa: SLF001


def _load(source: KernelSource) -> Any:
    """Define the kernel's function; the text is Treadle's own output, never a user's."""
    names: dict[str, Any] = {}
    exec(compile(source.text, f"<kernel {source.name}>", "exec"), names)  # noqa: S102
    return names[ENTRY]


def _lower(function: Any) -> Any:
    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()
    arguments = (types.int64,) * 3
    typing, target = cpu_target.typing_context, cpu_target.target_context
    library = _ModuleLibrary(target.codegen(), ENTRY)
    return compile_extra(
        typing, target, function, arguments, types.void, _flags(), {}, library, _KernelPipeline
    )


class _ModuleLibrary(JITCodeLibrary):  # type: ignore[misc]
    """Keeps the lowered module as text; Numba would optimise each function now, objects.py does all of that
    later."""

    text = ""

    def add_ir_module(self, ir_module: Any) -> None:
        self.text = str(ir_module)


class _KernelPipeline(CompilerBase):  # type: ignore[misc]
    """Numba's passes that kernels need: no closures, rewrites, overload inlining or SSA, which take half the
    time."""

    def define_pipelines(self) -> list[PassManager]:
        passes = PassManager("kernel")
        passes.add_pass(TranslateByteCode, "bytecode")
        passes.add_pass(FixupArgs, "arguments")
        passes.add_pass(IRProcessing, "blocks")
        passes.add_pass(NopythonTypeInference, "types")
        passes.add_pass(IRLegalization, "liveness")
        passes.add_pass(AnnotateTypes, "annotations")
        passes.add_pass(NativeLowering, "LLVM")
        passes.add_pass(NoPythonBackend, "result")
        passes.finalize()
        return [passes]


def _flags() -> Flags:
    flags = Flags()
    flags.no_compile = True
    flags.no_cpython_wrapper = True
    flags.no_cfunc_wrapper = True
    flags.error_model = "numpy"
    flags.fastmath = FastMathOptions({"contract", "nsz"})
    return flags
