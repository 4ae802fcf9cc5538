"""Kernel sources -> machine code of a GPU, without a GPU or its driver.

Input: a `KernelSource` and a target such as `sm_90a`. Output: a cubin that exports `SYMBOL`. The way: the
text becomes a Python function in the scope of the device dialect (public names of the modules `dialect*`),
numba-cuda makes LLVM code of it, NVVM and the link-time optimiser make machine code; without the latter there
are no 128-bit accesses to shared memory. Non-goals: caching (`cache.py`), loading (`driver_api.py`).
"""

from __future__ import annotations

import pkgutil
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cuda.core import Linker, LinkerOptions, ObjectCode
from numba.cuda import compiler, types
from numba.cuda.cudadrv import nvvm

from treadle.backends.numba_cuda.kernel import ENTRY

if TYPE_CHECKING:
    from collections.abc import Callable

    from treadle.backends.numba_cuda.kernel import KernelSource

SYMBOL = "treadle_kernel"
"""The name of the entry in every cubin."""

_SCALARS = {
    "f32": types.float32,
    "f64": types.float64,
    "i8": types.int8,
    "i32": types.int32,
    "i64": types.int64,
    "u8": types.uint8,
    "u16": types.uint16,
    "u32": types.uint32,
    "u64": types.uint64,
}
_TARGET = re.compile(r"sm_(\d+)(\d)(a?)")


def compile_cubin(source: KernelSource, target: str = "sm_90a") -> bytes:
    """The machine code of a kernel.

    Args:
        source: the kernel.
        target: the GPU's architecture, such as `sm_80` or `sm_90a`.

    Raises:
        ValueError: for a target that is none.
        numba.core.errors.NumbaError: for a text outside the dialect, which is an internal error.
    """
    code = nvvm.compile_ir(_llvm(source, _capability(target)), **_options(target))
    options = LinkerOptions(arch=target, link_time_optimization=True)
    linker = Linker(ObjectCode.from_ltoir(code), options=options)
    try:
        return bytes(linker.link("cubin").code)
    finally:
        linker.close()


def _capability(target: str) -> tuple[int, ...]:
    found = _TARGET.fullmatch(target)
    if found is None:
        raise ValueError(f"{target} is no architecture such as sm_80 or sm_90a")
    major, minor, feature = found.groups()
    return (int(major), int(minor), feature) if feature else (int(major), int(minor))  # type: ignore[return-value]  # numba-cuda's own form


def _options(target: str) -> dict[str, Any]:
    return {"arch": target.replace("sm_", "compute_"), "opt": 3, "gen-lto": None}


def _llvm(source: KernelSource, capability: tuple[int, ...]) -> list[str]:
    """The LLVM text of a kernel, with the launch bounds and the promise that its pointers never overlap."""
    params = tuple(_type(param) for param in source.params)
    made = compiler.compile_cuda(_function(source), types.void, params, cc=capability, lto=True)
    kernel = made.library.get_function(made.fndesc.llvm_func_name)
    compiler.kernel_fixup(kernel, False)
    nvvm.set_launch_bounds(kernel, (source.threads, source.blocks))
    for argument, param in zip(kernel.args, source.params, strict=True):
        if param.endswith("*"):
            argument.add_attribute("noalias")
    return [text.replace(made.fndesc.llvm_func_name, SYMBOL) for text in made.library.llvm_strs]


def _type(param: str) -> Any:
    scalar = _SCALARS[param.removesuffix("*")]
    return types.CPointer(scalar) if param.endswith("*") else scalar


def _function(source: KernelSource) -> Callable[..., None]:
    names = dict(_dialect())
    exec(compile(source.text, f"<{source.name}>", "exec"), names)  # noqa: S102 - made from the loop IR, never a user's text
    return names[ENTRY]  # type: ignore[no-any-return]


@cache
def _dialect() -> dict[str, Any]:
    """The public names of all modules of this package that define the device dialect."""
    package = __package__ or ""
    found = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = [import_module(f"{package}.{name}") for name in found if name.startswith("dialect")]
    return {name: value for module in modules for name, value in vars(module).items() if name[0] != "_"}
