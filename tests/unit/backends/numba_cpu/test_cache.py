"""The object cache: what decides a key, damage and rebuilding, pruning, and warm processes without numba."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from treadle.backends.numba_cpu import cache, pool
from treadle.backends.numba_cpu import compile as compiler
from treadle.backends.numba_cpu.kernel import KernelSource
from treadle.backends.numba_cpu.objects import LinkError
from treadle.backends.numba_cpu.program import Call, Program

TEXT = """
from treadle.backends.numba_cpu.abi import *
def kernel(meta, part, parts):
    m = slots(meta)
    i64_at(m[0])[0] = {value}
"""


def source(value: int) -> KernelSource:
    return KernelSource(f"store {value}", TEXT.format(value=value))


def result_of(kernel: KernelSource) -> int:
    (code,) = compiler.compile_kernels([kernel])
    cell = np.zeros(1, np.int64)
    Program([Call(code, np.array([cell.ctypes.data], np.int64))], threads=1).run()
    return int(cell[0])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, and nothing remembered in this process."""
    monkeypatch.setenv("TREADLE_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compiler, "_loaded", {})
    return tmp_path


def objects_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*.o"))


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "_loaded", {})


def test_key_covers_text_and_not_name() -> None:
    """Equal texts are one kernel whatever their names; any change of text is another."""
    assert cache.key_of(KernelSource("a", "x")) == cache.key_of(KernelSource("b", "x"))
    assert cache.key_of(KernelSource("a", "x")) != cache.key_of(KernelSource("a", "y"))


def test_key_covers_every_module_that_kernels_inline() -> None:
    """Each module of the package that a generated source can import is part of the key."""
    package = Path(cache.__file__).parent
    inlined = {
        str(path.relative_to(package)) for path in package.rglob("*.py") if "@intrinsic" in path.read_text()
    }
    assert inlined <= set(cache._INLINED)
    assert {"vmath.py", "formulas.py", "emit.py", "templates/micro.py"} <= set(cache._INLINED)


def test_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """TREADLE_CACHE_DIR, then NUMBA_CACHE_DIR, then XDG_CACHE_HOME."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/n")
    monkeypatch.setenv("TREADLE_CACHE_DIR", "/t")
    assert cache.folder() == Path("/t")
    monkeypatch.delenv("TREADLE_CACHE_DIR")
    assert cache.folder() == Path("/n/treadle")
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    assert cache.folder() == Path("/x/treadle")


def test_second_process_would_find_the_kernel(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compiled kernel lies in the folder and is loaded from there without compiling."""
    assert result_of(source(7)) == 7
    (entry,) = [path for path in objects_in(folder) if path.stem == cache.key_of(source(7))]
    forget(monkeypatch)
    monkeypatch.setattr(compiler, "compile_with_helpers", lambda _: pytest.fail("compiled again"))
    assert result_of(source(7)) == 7
    assert entry.is_file()


@pytest.mark.parametrize("damage", [b"", b"short", None])
def test_damaged_entry_is_rebuilt(
    folder: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes | None
) -> None:
    """Empty, cut and changed entries are noticed by their checksum and replaced."""
    result_of(source(8))
    path = folder / cache.key_of(source(8))[:2] / f"{cache.key_of(source(8))}.o"
    good = path.read_bytes()
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]) if damage is None else damage)
    assert cache.read(path.stem) is None
    forget(monkeypatch)
    assert result_of(source(8)) == 8
    assert cache.read(path.stem) == good[32:]


def test_unwritable_folder_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the folder cannot be made, kernels are compiled and nothing fails."""
    blocker = tmp_path / "file"
    blocker.write_text("in the way")
    monkeypatch.setenv("TREADLE_CACHE_DIR", str(blocker / "cache"))
    monkeypatch.setattr(compiler, "_loaded", {})
    assert result_of(source(9)) == 9


def test_no_temporary_files_remain(folder: Path) -> None:
    """Entries are renamed into place; nothing else is left."""
    result_of(source(10))
    assert all(path.suffix == ".o" for path in folder.rglob("*") if path.is_file())


def test_prune_removes_what_was_unused_for_longest(folder: Path) -> None:
    """The newest entries that fit stay."""
    for age, key in enumerate(("aa1", "bb2", "cc3")):
        cache.write(key, bytes(100))
        os.utime(folder / key[:2] / f"{key}.o", (1000 - age, 1000 - age))
    cache.prune(limit=2 * 132)
    assert [path.stem for path in objects_in(folder)] == ["aa1", "bb2"]


def test_equal_texts_share_one_kernel(folder: Path) -> None:
    """A batch with duplicates compiles each text once and keeps the order."""
    codes = compiler.compile_kernels([source(1), source(2), source(1)])
    assert codes[0].address == codes[2].address != codes[1].address
    assert len(objects_in(folder)) == 2


def test_helpers_compile_a_share_of_many_kernels(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A helper process takes part, and its object code works."""
    asked: list[str] = []
    turns: list[pool._Batch] = []
    ask = pool._ask
    monkeypatch.setattr(pool, "_ask", lambda *args: asked.append(args[1]) or ask(*args))
    monkeypatch.setattr(pool, "available_cpus", lambda: 2)
    # This process leaves the work to the helper at first, and does what may be left over.
    monkeypatch.setattr(pool._Batch, "work_here", lambda self: turns.append(self) or _leftovers(self, turns))
    codes = compiler.compile_kernels([source(value) for value in range(100, 112)])
    assert len(asked) >= 10
    for value, code in zip(range(100, 112), codes, strict=True):
        cell = np.zeros(1, np.int64)
        Program([Call(code, np.array([cell.ctypes.data], np.int64))], threads=1).run()
        assert cell[0] == value


def _leftovers(batch: pool._Batch, turns: list[pool._Batch]) -> None:
    while len(turns) > 1 and (task := batch.take()):
        batch.done[task[0]] = pool.compile_here(*task)


def test_error_in_a_kernel_is_raised_here_even_if_a_helper_met_it(folder: Path) -> None:
    """A source that does not compile ends in the parent's exception, not in silence."""
    broken = KernelSource("broken", TEXT.format(value="no_such_name"))
    with pytest.raises(Exception, match="no_such_name"):
        compiler.compile_kernels([*(source(value) for value in range(200, 215)), broken])


def test_symbols_that_no_process_has_are_refused(folder: Path) -> None:
    """Object code that could not be loaded later is never made."""
    text = """
from numba import types
from numba.core.extending import intrinsic
from llvmlite import ir
@intrinsic
def mystery(context):
    def emit(target, builder, signature, args):
        face = ir.FunctionType(ir.VoidType(), [])
        builder.call(ir.Function(builder.module, face, "treadle_no_such_function"), [])
        return target.get_dummy_value()
    return types.void(), emit
def kernel(meta, part, parts):
    mystery()
"""
    with pytest.raises(LinkError, match="treadle_no_such_function"):
        compiler.compile_kernels([KernelSource("mystery", text)])


WARM = """
import sys
import numpy as np
from treadle.backends.numba_cpu.compile import compile_kernels
from treadle.backends.numba_cpu.kernel import KernelSource
from treadle.backends.numba_cpu.program import Call, Program
cell = np.zeros(1, np.int64)
(code,) = compile_kernels([KernelSource("warm", sys.argv[1])])
Program([Call(code, np.array([cell.ctypes.data], np.int64))], threads=2).run()
print(cell[0], "numba" in sys.modules)
"""


def test_warm_process_does_not_import_numba(folder: Path) -> None:
    """A second process runs the kernel and the driver from the cache alone."""
    run = [sys.executable, "-c", WARM, source(11).text]
    results = [
        subprocess.run(run, check=True, capture_output=True, text=True).stdout.split() for _ in range(2)
    ]
    assert results == [["11", "True"], ["11", "False"]]
