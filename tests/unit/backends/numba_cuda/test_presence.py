"""What of CUDA is said to be missing, and the command that helps: one missing part after the other."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from treadle.backends.numba_cuda import presence
from treadle.backends.numba_cuda.presence import (
    CUBLAS,
    CUBLAS_PIN,
    PINS,
    Package,
    Presence,
    cuda_version,
    inspect,
    require,
)
from treadle.cli.findings import cuda_findings
from treadle.errors import TreadleError
from treadle.errors.render import all_to_text

ALL = tuple(Package(name, wanted, wanted) for name, wanted in PINS.items())
LACKING = (Package("numba-cuda", "0.30.4", None), *ALL[1:])
GPU = (("NVIDIA H200", "9.0"),)


@pytest.mark.parametrize(
    ("found", "message", "command"),
    [
        (Presence(LACKING), "packages are missing: numba-cuda", "pip install 'treadle[cuda]'"),
        (Presence(ALL), "there is no NVIDIA driver", "ubuntu-drivers install"),
        (Presence(ALL, 12040, GPU), "made for CUDA 12.4, 13.0 is needed", "ubuntu-drivers install"),
        (Presence(ALL, 13000), "finds no GPU", "nvidia-smi"),
    ],
)
def test_the_missing_part_is_named_with_a_command(found, message, command, monkeypatch):
    """E1014 says what is missing first; doctor says the same."""
    monkeypatch.setattr(presence, "inspect", lambda: found)
    with pytest.raises(TreadleError) as caught:
        require()
    text = all_to_text(caught.value.diagnostics)
    assert text.startswith("error[E1014]: ")
    assert message in text
    assert command in text
    told = cuda_findings(found)["--device cuda"]
    assert told.state == "absent"
    assert message in told.text
    assert command in told.text


def test_a_complete_machine_is_accepted(monkeypatch):
    """Nothing is refused, and doctor names every part with its version."""
    found = Presence(ALL, 13000, GPU, CUBLAS_PIN)
    monkeypatch.setattr(presence, "inspect", lambda: found)
    require()
    told = cuda_findings(found)
    assert {one.state for one in told.values()} == {"ok"}
    assert told["gpu"].text == "NVIDIA H200, compute capability 9.0"
    assert told["numba-cuda"].text == PINS["numba-cuda"]


def test_the_products_library_is_optional():
    """Doctor says what installs it; `--device cuda` does not want it."""
    told = cuda_findings(Presence(ALL, 13000, GPU))
    assert told["--device cuda"].state == "ok"
    assert told[CUBLAS].state == "absent"
    assert "treadle[cublas]" in told[CUBLAS].text


def test_other_versions_are_told():
    """A version that was not tried is no problem, but it is said."""
    package = Package("numba-cuda", "0.30.4", "0.31.0")
    assert cuda_findings(Presence((package,), 13000, GPU))["numba-cuda"].text == "0.31.0; tried with 0.30.4"


def test_this_machine_can_be_looked_at():
    """Whatever is installed here: every package is listed, and there is a verdict."""
    found = inspect()
    assert [package.name for package in found.packages] == list(PINS)
    assert found.problem() is None or all(found.problem())
    assert cuda_version(13020) == "13.2"


def test_the_pins_are_those_of_the_extra():
    """`pip install 'treadle[cuda]'` installs what doctor looks for."""
    project = tomllib.loads((Path(__file__).parents[4] / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = (re.match(r"([\w.-]+)==([\w.]+)", text) for text in project["optional-dependencies"]["cuda"])
    assert [(pin.group(1), pin.group(2)) for pin in wanted if pin] == list(PINS.items())


def test_checking_and_planning_import_nothing_of_cuda():
    """Importing Treadle, checking a spec and looking for CUDA load neither numba-cuda nor the bindings."""
    code = (
        "import sys, treadle.cli.app, treadle.cli.commands.check, treadle.cli.commands.doctor\n"
        "import treadle.driver, treadle.backends.numba_cuda.backend\n"
        "treadle.backends.numba_cuda.presence.inspect()\n"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in {'cuda', 'numba', 'numba_cuda'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_command_line_refuses_cleanly(monkeypatch, capsys):
    """`--device cuda` without a GPU: a diagnostic and exit code 1, as for any other mistake."""
    from treadle.cli import app  # noqa: PLC0415 - needs no GPU to be imported

    monkeypatch.setattr(presence, "inspect", lambda: Presence(ALL))
    with pytest.raises(SystemExit) as caught:
        app.main(["train", "xor_mlp", "--device", "cuda", "--quiet"])
    assert caught.value.code == 1
    printed = capsys.readouterr().err
    assert printed == (
        "error[E1014]: `--device cuda` cannot be used: "
        "there is no NVIDIA driver (libcuda.so.1 was not found)\n"
        "   = hint: try: sudo ubuntu-drivers install (or https://www.nvidia.com/drivers)\n"
    )
