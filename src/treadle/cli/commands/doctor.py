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
from treadle.backends.numba_cuda.presence import inspect
from treadle.cli.findings import Finding, cuda_findings
from treadle.cli.options import JsonOption
from treadle.cli.problems import EXIT_DIAGNOSTICS
from treadle.frontend.gallery import gallery

_LIBRARIES = (
    "click",
    "numpy",
    "numba",
    "scipy",
    "lark",
    "networkx",
    "safetensors",
    "scikit-learn",
    "matplotlib",
    "pydot",
    "rich",
    "typer",
)
_EXTRAS = {  # package: the extra that brings it, and what it is for
    "onnx": ("onnx", "`treadle import` and `treadle export`"),
    "pygls": ("lsp", "`treadle lsp`"),
    "tensorboardX": ("tensorboard", "`treadle train --tensorboard`"),
}
_VECTOR_UNITS = ("avx512f", "avx2", "fma", "asimd", "sve")


def run(as_json: JsonOption = False) -> None:
    """Look at this machine: Python, libraries, cores, vector units, Graphviz, gallery, CUDA."""
    findings = {
        "treadle": Finding("ok", __version__),
        **_python(),
        **_machine(),
        **cuda_findings(inspect()),
        **_libraries(),
        **_extras(),
        **_tools(),
    }
    if as_json:
        found = {
            name: {"ok": one.state != "problem", "state": one.state, "found": one.text}
            for name, one in findings.items()
        }
        print(json.dumps(found, indent=2))
    else:
        width = max(map(len, findings))
        for name, one in findings.items():
            print(f"{one.state:<7}  {name:<{width}} {one.text}")
    if any(one.state == "problem" for one in findings.values()):
        raise typer.Exit(EXIT_DIAGNOSTICS)


def _python() -> dict[str, Finding]:
    return {
        "python": Finding("ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    }


def _machine() -> dict[str, Finding]:
    units = [unit for unit in _VECTOR_UNITS if unit in _cpu_flags()]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cores": Finding("ok", f"{cores} usable"),
        "vector units": Finding(
            "ok", ", ".join(units) or "none known; code is generated for this processor anyway"
        ),
    }


def _cpu_flags() -> set[str]:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {word for line in lines if line.startswith(("flags", "Features")) for word in line.split()}


def _extras() -> dict[str, Finding]:
    return {name: _extra(name, extra, use) for name, (extra, use) in _EXTRAS.items()}


def _extra(name: str, extra: str, use: str) -> Finding:
    try:
        return Finding("ok", version(name))
    except PackageNotFoundError:
        return Finding("absent", f'not installed; {use} needs it: pip install "treadle[{extra}]"')


def _libraries() -> dict[str, Finding]:
    return {name: _library(name) for name in _LIBRARIES}


def _library(name: str) -> Finding:
    try:
        return Finding("ok", version(name))
    except PackageNotFoundError:
        return Finding("problem", f"missing: pip install {name}")


def _tools() -> dict[str, Finding]:
    specs = Finding("ok" if gallery() else "problem", f"{len(gallery())} specs")
    return {"graphviz": _graphviz(), "gallery": specs}


def _graphviz() -> Finding:
    dot = shutil.which("dot")
    if dot is None:
        return Finding("absent", "not installed; pictures in svg, png and pdf need it (apt install graphviz)")
    found = subprocess.run([dot, "-V"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 - a fixed command
    return Finding("ok", found.stderr.strip() or found.stdout.strip())
