"""The cache of cubins: what decides a key, nothing is compiled twice, helpers compile a share."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from support.cuda_parts import needs_cuda_compiler
from treadle.backends import code_store
from treadle.backends.numba_cuda import cache, pool
from treadle.backends.numba_cuda.kernel import KernelSource

TEXT = "def kernel(x):\n    x[cuda.threadIdx.x] = float32({value}.0)\n"


def source(value=1, **changes):
    return replace(KernelSource("store", TEXT.format(value=value), ("f32*",), 32), **changes)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TREADLE_CACHE_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def compiled(monkeypatch):
    """Stands in for the compiler, and tells what it was asked for."""
    asked = []

    def compile_all(sources, target):
        asked.extend(sources)
        return [f"{target} {one.text}".encode() for one in sources]

    monkeypatch.setattr(cache, "compile_all", compile_all)
    monkeypatch.setattr(cache, "_environment", lambda: b"tools")
    return asked


def test_the_key_is_all_that_decides_a_cubin_and_not_the_name(compiled):
    """Text, parameters, launch bounds and target."""
    key = cache.key_of(source(), "sm_80")
    assert cache.key_of(source(name="other"), "sm_80") == key
    others = [source(2), source(params=("f64*",)), source(threads=64), source(blocks=2)]
    assert len({key, cache.key_of(source(), "sm_90a"), *(cache.key_of(s, "sm_80") for s in others)}) == 6


def test_nothing_is_compiled_twice(folder, compiled):
    """Not in one batch, not in a later one; the order is kept."""
    first = cache.cubins([source(1), source(2), source(1, name="again")], "sm_80")
    assert first == [f"sm_80 {source(value).text}".encode() for value in (1, 2, 1)]
    assert compiled == [source(1), source(2)]
    assert cache.cubins([source(2), source(3)], "sm_80")[0] == first[1]
    assert compiled == [source(1), source(2), source(3)]
    assert len(list(folder.glob("*/*.o"))) == 3


def test_a_damaged_entry_is_made_again(folder, compiled):
    """As everywhere in the code store."""
    (good,) = cache.cubins([source()], "sm_80")
    (path,) = folder.glob("*/*.o")
    path.write_bytes(b"broken")
    assert cache.cubins([source()], "sm_80") == [good]
    assert code_store.read(path.stem) == good


@needs_cuda_compiler
def test_the_environment_covers_the_dialect():
    """Every module whose functions end up in kernels is part of the key."""
    package = Path(cache.__file__).parent
    inlined = {path.name for path in package.glob("*.py") if "@intrinsic" in path.read_text("utf-8")}
    assert all(name.startswith(("dialect", "device_")) for name in inlined)
    assert len(cache._environment()) == 32


def test_helpers_compile_shares_and_what_they_fail_at_is_compiled_here(monkeypatch):
    """Whatever the helpers do, the cubins come in the order of the sources."""
    monkeypatch.setattr(pool, "_cores", lambda: 4)
    monkeypatch.setattr(pool, "_SOURCES_PER_HELPER", 3)
    monkeypatch.setattr(pool, "compile_here", lambda sources, _: [s.text.encode() for s in sources])
    sources = [source(value) for value in range(10)]
    for answer in (None, "as here"):
        ask = lambda share, target: answer and pool.compile_here(share, target)  # noqa: B023, E731
        monkeypatch.setattr(pool, "_ask_helper", ask)
        assert pool.compile_all(sources, "sm_80") == [one.text.encode() for one in sources]


@needs_cuda_compiler
def test_a_helper_answers_with_cubins():
    """A real helper process compiles a kernel to what this process compiles it to."""
    (code,) = pool._ask_helper([source()], "sm_80")
    assert code[:4] == b"\x7fELF"
    assert pool.compile_here([source()], "sm_80") == [code]


@needs_cuda_compiler
def test_a_request_survives_its_way():
    """Sources travel as JSON; the answer is one cubin for each."""
    asked = {"target": "sm_80", "sources": [vars(source()) | {"params": ["f32*"]}]}
    assert len(json.loads(pool.serve(json.dumps(asked)))) == 1
