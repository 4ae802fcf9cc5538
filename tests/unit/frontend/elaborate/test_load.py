"""Loading: files that use each other, names from several files, limits, and what a check may import."""

from __future__ import annotations

import subprocess
import sys

import pytest

from treadle.errors import TreadleError
from treadle.frontend.elaborate.data import elaborate_columns
from treadle.frontend.load import load_spec, load_text
from treadle.types import DType, TensorType

MODEL = "model M {\n  input x: [N, 4]\n  output y = block(3)(x)\n}\n"
BLOCK = "layer block(units)(x) { return dense(units)(x) }\n"


def write(folder, **texts):
    for name, text in texts.items():
        (folder / f"{name}.tdl").write_text(text, "utf-8")
    return folder / "main.tdl"


def found_codes(path):
    with pytest.raises(TreadleError) as caught:
        load_spec(path)
    return [diagnostic.code for diagnostic in caught.value.diagnostics]


def test_names_of_a_used_file_are_visible(tmp_path):
    checked = load_spec(write(tmp_path, main=f'use "parts.tdl"\n{MODEL}', parts=BLOCK))
    assert list(checked.models["M"].leaves) == ["block.dense.W", "block.dense.b"]


def test_an_alias_keeps_names_apart(tmp_path):
    text = f'use "parts.tdl" as p\n{MODEL.replace("block", "p.block")}'
    assert (
        next(iter(load_spec(write(tmp_path, main=text, parts=BLOCK)).models["M"].leaves)) == "block.dense.W"
    )


def test_used_files_may_use_others_in_folders_below(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "b.tdl").write_text(BLOCK, "utf-8")
    (tmp_path / "lib" / "a.tdl").write_text(
        'use "b.tdl"\nlayer outer(n)(x) { return block(n)(x) }\n', "utf-8"
    )
    main = write(tmp_path, main=f'use "lib/a.tdl"\n{MODEL.replace("block", "outer")}')
    assert next(iter(load_spec(main).models["M"].leaves)) == "outer.block.dense.W"


def test_data_of_a_used_file(tmp_path):
    data = 'data D { train = csv("a.csv")\n x = train.values * factor }\nconst factor = 2\n'
    model = "model M { input x: [N]\n loss mean(x * dense(1)(x[:, none])[:, 0]) }\n"
    main = f'use "parts.tdl"\n{model}train M on D {{ optimizer sgd(0.1)\n steps 1 }}\n'
    checked = load_spec(write(tmp_path, main=main, parts=data))
    values = {"train": {"values": TensorType(DType.F32, (3,))}}
    graph = elaborate_columns(checked, "D", "train", values)
    assert checked.trains["M"].data == "D"
    assert set(graph.outputs) == {"values", "x"}


def test_own_definitions_come_before_the_library():
    text = "layer dense(units)(x) { return 2 * x }\nmodel M { input x: [N]\n output y = dense(1)(x) }\n"
    assert not load_text(text).models["M"].leaves


def test_constants_of_a_file():
    text = "const width = 2 * half\nconst half = 3\nmodel M { input x: [N]\n output y = x + width }\n"
    graph = load_text(text).models["M"].graph
    assert [node.attrs["value"] for node in graph if node.op == "const"] == [6]


@pytest.mark.parametrize(
    ("texts", "codes"),
    [
        ({"main": f'use "missing.tdl"\n{MODEL}'}, ["E0311"]),
        ({"main": 'use "a.tdl"\n', "a": 'use "main.tdl"\n'}, ["E0312"]),
        ({"main": 'use "main.tdl"\n'}, ["E0312"]),
        ({"main": 'use "a.tdl"\nuse "b.tdl"\n', "a": BLOCK, "b": BLOCK}, ["E0313"]),
        ({"main": 'use "../other.tdl"\n'}, ["E0317"]),
        ({"main": 'use "/etc/other.tdl"\n'}, ["E0317"]),
        ({"main": 'use "a.tdl"\n', "a": "layer block( {\n"}, ["E0102"]),
        ({"main": "const a = b\nconst b = a\nmodel M { input x: [N]\n output y = x + a }\n"}, ["E0905"]),
    ],
)
def test_refusals(tmp_path, texts, codes):
    assert found_codes(write(tmp_path, **texts)) == codes


def test_a_missing_spec(tmp_path):
    assert found_codes(tmp_path / "none.tdl") == ["E1001"]


def test_a_spec_that_is_no_text(tmp_path):
    (tmp_path / "main.tdl").write_bytes(b"\xff\xfe\x00")
    assert found_codes(tmp_path / "main.tdl") == ["E1006"]


def test_checking_imports_nothing_heavy():
    heavy = ("numba", "llvmlite", "scipy", "sklearn", "matplotlib")
    program = f"import sys, treadle.frontend.load; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_python_recursion_limit_is_left_as_it_was():
    before = sys.getrecursionlimit()
    load_text(BLOCK + MODEL)
    assert sys.getrecursionlimit() == before
