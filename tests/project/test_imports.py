"""Commands that only look at a spec start fast: heavy libraries stay out of the process."""

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


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "digits_mlp"],
        ["draw", "digits_mlp", "-o", "net.dot"],
        ["draw", "digits_mlp", "--what", "kernels", "-o", "net.dot"],
        ["summary", "digits_mlp"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_looking_at_a_spec_loads_nothing_heavy(arguments, tmp_path):
    program = textwrap.dedent(PROGRAM.format(heavy=HEAVY))
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "loaded:"
