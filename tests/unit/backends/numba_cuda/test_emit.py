"""`--emit=cuda`: launches in order, each kernel once, loops as loops; needs no GPU and no CUDA."""

from __future__ import annotations

import re

from support.nets import recurrent
from treadle.backends.numba_cuda.emit import source_text
from treadle.driver import emit_stage
from treadle.frontend.gallery import gallery
from treadle.frontend.load import load_spec
from treadle.ir import bind
from treadle.lower.lower import lower


def test_every_launch_names_a_kernel_that_is_printed_once():
    """A step of the XOR network: all launches refer to kernels below, and every kernel is launched."""
    text = emit_stage(load_spec(gallery()["xor_mlp"]), "cuda")
    launched = re.findall(r"^# (\S+)<<<grid \S+ block \d+[^>]*>>>\(", text, re.MULTILINE)
    printed = re.findall(r"^# (\S+)\(.*\): at most \d+ threads", text, re.MULTILINE)
    assert len(printed) == len(set(printed)) == text.count("\ndef kernel(")
    assert set(launched) == set(printed)
    assert "dense.W" in text


def test_a_loop_is_printed_as_a_loop():
    """A scan's launches stand indented under the number of its iterations."""
    text = source_text(lower(bind(recurrent(), {"N": 2})))
    assert "# 5 times:\n#   " in text


def test_the_text_is_the_same_every_time():
    """Nothing in it depends on addresses or on the order of sets."""
    graph = bind(recurrent(), {"N": 2})
    assert source_text(lower(graph)) == source_text(lower(graph))
