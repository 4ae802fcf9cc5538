"""Commands that only look at a spec start fast: heavy libraries stay out of the process.

The one exception is `draw --what memory`, a diagram that matplotlib draws; it loads nothing else of them.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

HEAVY = ("numba", "scipy", "matplotlib", "sklearn", "safetensors")
PROGRAM = """
    import sys
    from treadle.cli.app import main
    try:
        main(sys.argv[1:])
    except SystemExit as left:
        assert not left.code, left.code
    print("loaded:", *[name for name in {heavy} if name in sys.modules], file=sys.stderr)
"""


def heavy_libraries(folder, *arguments):
    """The heavy libraries that a command loads."""
    program = textwrap.dedent(PROGRAM.format(heavy=HEAVY))
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    word, *loaded = done.stderr.splitlines()[-1].split()
    assert word == "loaded:"
    return loaded


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "digits_mlp"],
        ["draw", "digits_mlp", "-o", "net.dot"],
        ["draw", "digits_mlp", "--what", "joint", "-o", "net.html"],
        ["draw", "digits_mlp", "--what", "kernels", "-o", "net.dot"],
        ["summary", "digits_mlp"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_looking_at_a_spec_loads_nothing_heavy(arguments, tmp_path):
    assert heavy_libraries(tmp_path, *arguments) == []


def test_only_the_diagram_of_memory_loads_matplotlib(tmp_path):
    assert heavy_libraries(tmp_path, "draw", "digits_mlp", "--what", "memory", "-o", "memory.svg") == [
        "matplotlib"
    ]
