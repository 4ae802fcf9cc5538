"""`treadle doctor`: looks at the machine and says what Treadle will find there."""

import json
import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import typer

from treadle import __version__
from treadle.cli.options import JsonOption
from treadle.cli.problems import EXIT_DIAGNOSTICS
from treadle.cli.specs import gallery

_LIBRARIES = (
    "numpy",
    "numba",
    "scipy",
    "lark",
    "networkx",
    "safetensors",
    "scikit-learn",
    "matplotlib",
    "pydot",
)
_VECTOR_UNITS = ("avx512f", "avx2", "fma", "asimd", "sve")

Finding = tuple[bool, str]


def run(as_json: JsonOption = False) -> None:
    """Look at this machine: Python, libraries, cores, vector units, Graphviz, gallery.

    Example: treadle doctor
    """
    findings = {"treadle": (True, __version__), **_python(), **_machine(), **_libraries(), **_tools()}
    if as_json:
        print(
            json.dumps({name: {"ok": ok, "found": text} for name, (ok, text) in findings.items()}, indent=2)
        )
    else:
        for name, (ok, text) in findings.items():
            print(f"{'ok     ' if ok else 'problem'}  {name:<14} {text}")
    if not all(ok for ok, _ in findings.values()):
        raise typer.Exit(EXIT_DIAGNOSTICS)


def _python() -> dict[str, Finding]:
    return {"python": (True, f"{platform.python_version()} on {platform.system()} {platform.machine()}")}


def _machine() -> dict[str, Finding]:
    units = [unit for unit in _VECTOR_UNITS if unit in _cpu_flags()]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cores": (True, f"{cores} usable"),
        "vector units": (True, ", ".join(units) or "none known; code is generated for this processor anyway"),
    }


def _cpu_flags() -> set[str]:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {word for line in lines if line.startswith(("flags", "Features")) for word in line.split()}


def _libraries() -> dict[str, Finding]:
    return {name: _library(name) for name in _LIBRARIES}


def _library(name: str) -> Finding:
    try:
        return True, version(name)
    except PackageNotFoundError:
        return False, f"missing: pip install {name}"


def _tools() -> dict[str, Finding]:
    return {"graphviz": (True, _graphviz()), "gallery": (bool(gallery()), f"{len(gallery())} specs")}


def _graphviz() -> str:
    dot = shutil.which("dot")
    if dot is None:
        return "not installed; pictures in svg, png and pdf need it (apt install graphviz)"
    found = subprocess.run([dot, "-V"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 - a fixed command
    return found.stderr.strip() or found.stdout.strip()
