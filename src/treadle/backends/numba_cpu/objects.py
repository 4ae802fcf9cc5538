"""LLVM module -> object code -> address: optimisation, emission and loading through llvmlite alone.

Input: an LLVM module, or object code from the cache. Output: object code, or callable addresses. Never
imports numba.
"""

from __future__ import annotations

import itertools
from functools import cache
from typing import TYPE_CHECKING

import llvmlite.binding as llvm

from treadle.backends.numba_cpu import cpu

if TYPE_CHECKING:
    from collections.abc import Mapping

OPTIMISATION = 2
_library_numbers = itertools.count()


class LinkError(Exception):
    """Object code refers to a symbol that this process does not have."""


@cache
def target_machine() -> llvm.TargetMachine:
    """Return LLVM's description of this processor, made once."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    host = cpu.host()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=host.name, features=host.features, opt=OPTIMISATION, reloc="pic", codemodel="small"
    )


def module_to_object(module: llvm.ModuleRef) -> bytes:
    """Optimise a module for this processor and return its relocatable object code."""
    machine = target_machine()
    tuning = llvm.create_pipeline_tuning_options(speed_level=OPTIMISATION)
    tuning.loop_vectorization = True
    passes = llvm.create_pass_builder(machine, tuning)
    passes.getModulePassManager().run(module, passes)
    _check_imports(module)
    code: bytes = machine.emit_object(module)
    return code


def _check_imports(module: llvm.ModuleRef) -> None:
    """Refuse symbols that a process without numba cannot resolve: loading would fail there."""
    for function in module.functions:
        name = function.name
        if function.is_declaration and not name.startswith("llvm.") and not llvm.address_of_symbol(name):
            raise LinkError(f"kernel code calls {name!r}, which is neither inlined nor in the C library")


def load_objects(objects: Mapping[str, bytes]) -> tuple[dict[str, int], object]:
    """Load object code by symbol; return each symbol's address and what must stay alive while they are
    used."""
    builder = llvm.JITLibraryBuilder().add_current_process()
    for symbol, code in objects.items():
        builder.add_object_img(code).export_symbol(symbol)
    library = builder.link(_jit(), f"kernels {next(_library_numbers)}")
    return {symbol: library[symbol] for symbol in objects}, library


@cache
def _jit() -> llvm.LLJIT:
    return llvm.create_lljit_compiler(target_machine())
