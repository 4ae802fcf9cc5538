"""What `treadle doctor` finds: a state and a text for each thing it looks at; here those of CUDA."""

from dataclasses import dataclass
from typing import Literal

from treadle.backends.numba_cuda.presence import (
    CUBLAS,
    CUBLAS_PIN,
    INSTALL_CUBLAS,
    INSTALL_DRIVER,
    INSTALL_PACKAGES,
    Package,
    Presence,
    cuda_version,
)

State = Literal["ok", "absent", "problem"]


@dataclass(frozen=True)
class Finding:
    """One thing: `absent` is what Treadle can do without, `problem` what it cannot."""

    state: State
    text: str


def cuda_findings(presence: Presence) -> dict[str, Finding]:
    """The packages, the driver and the GPUs, and whether `--device cuda` would run."""
    problem = presence.problem()
    verdict = (
        Finding("ok", "can be used")
        if problem is None
        else Finding("absent", f"cannot be used: {problem[0]}; try: {problem[1]}")
    )
    return {
        **{package.name: _package(package) for package in presence.packages},
        CUBLAS: _cublas(presence),
        "cuda driver": _driver(presence),
        "gpu": _gpus(presence),
        "--device cuda": verdict,
    }


def _package(package: Package) -> Finding:
    if package.found is None:
        return Finding("absent", f"not installed; {INSTALL_PACKAGES}")
    return _version(package.found, package.wanted)


def _cublas(presence: Presence) -> Finding:
    if presence.cublas is None:
        return Finding("absent", f"not installed, own kernels do all products; {INSTALL_CUBLAS}")
    return _version(presence.cublas, CUBLAS_PIN)


def _version(found: str, wanted: str) -> Finding:
    return Finding("ok", found if found == wanted else f"{found}; tried with {wanted}")


def _driver(presence: Presence) -> Finding:
    if presence.driver is None:
        return Finding("absent", f"not installed; {INSTALL_DRIVER}")
    return Finding("ok", f"for CUDA {cuda_version(presence.driver)}")


def _gpus(presence: Presence) -> Finding:
    if not presence.devices:
        return Finding("absent", "none that the driver knows")
    found = (f"{name}, compute capability {capability}" for name, capability in presence.devices)
    return Finding("ok", "; ".join(found))
