"""Which parts of CUDA this machine has: packages, the driver, GPUs; and what to do about one that is missing.

Input: installed distributions and the driver's library. Output: a `Presence`. Imports no CUDA package, so it
works everywhere; the driver is asked directly.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from treadle.errors import fail

INSTALL_PACKAGES = "pip install 'treadle[cuda]'"
CUBLAS = "nvidia-cublas"
"""The package of cuBLAS, which is optional: the version in `pyproject.toml` belongs to the others."""
CUBLAS_PIN = "13.1.1.3"
INSTALL_CUBLAS = "pip install 'treadle[cublas]'"
INSTALL_DRIVER = "sudo ubuntu-drivers install (or https://www.nvidia.com/drivers)"
OLDEST_DRIVER = 13000
"""The CUDA version, as the driver counts, that the packages are made for."""

_LIBRARY = "libcuda.so.1"
_MAJOR, _MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_*

PINS = {
    "numba": "0.68.1",
    "llvmlite": "0.50.0",
    "numba-cuda": "0.30.4",
    "cuda-core": "1.2.2",
    "cuda-pathfinder": "1.9.0",
    "cuda-bindings": "13.0.3",
    "cuda-toolkit": "13.0.3.0",
    "nvidia-nvvm": "13.0.88",
    "nvidia-cuda-nvrtc": "13.0.88",
    "nvidia-nvjitlink": "13.0.88",
    "nvidia-cuda-nvcc": "13.0.88",
    "nvidia-cuda-crt": "13.0.88",
    "nvidia-cuda-nvdisasm": "13.2.86",
    "nvidia-cuda-cuobjdump": "13.5.37",
}
"""The packages of the extra `cuda` in `pyproject.toml`, in versions that were tried together."""


@dataclass(frozen=True)
class Package:
    """A distribution of the extra `cuda`: the version that is wanted, and the one found."""

    name: str
    wanted: str
    found: str | None


@dataclass(frozen=True)
class Presence:
    """What was found.

    Attributes:
        packages: all that the extra `cuda` names.
        driver: the driver's CUDA version, such as 13000; None without a driver.
        devices: names and compute capabilities.
        cublas: the version of cuBLAS; None without it.
    """

    packages: tuple[Package, ...]
    driver: int | None = None
    devices: tuple[tuple[str, str], ...] = field(default=())
    cublas: str | None = None

    @property
    def missing(self) -> list[str]:
        """Packages that are not installed."""
        return [package.name for package in self.packages if package.found is None]

    def problem(self) -> tuple[str, str] | None:
        """What stands in the way of running on a GPU, and the command that removes it."""
        if self.missing:
            return f"packages are missing: {', '.join(self.missing)}", INSTALL_PACKAGES
        if self.driver is None:
            return f"there is no NVIDIA driver ({_LIBRARY} was not found)", INSTALL_DRIVER
        if self.driver < OLDEST_DRIVER:
            found, wanted = cuda_version(self.driver), cuda_version(OLDEST_DRIVER)
            return f"the NVIDIA driver is made for CUDA {found}, {wanted} is needed", INSTALL_DRIVER
        if not self.devices:
            return "the NVIDIA driver finds no GPU", "nvidia-smi"
        return None


def inspect() -> Presence:
    """Looks at this machine."""
    packages = tuple(Package(name, wanted, _found(name)) for name, wanted in PINS.items())
    cublas = cublas_version()
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError:
        return Presence(packages, cublas=cublas)
    found = ctypes.c_int()
    if library.cuInit(0) or library.cuDriverGetVersion(ctypes.byref(found)):
        return Presence(packages, _version_alone(library), cublas=cublas)
    return Presence(packages, found.value, _devices(library), cublas)


def cublas_version() -> str | None:
    """The installed version of cuBLAS."""
    return _found(CUBLAS)


def require() -> None:
    """Refuses to go on without a GPU and all that it needs.

    Raises:
        TreadleError: E1014, with the command that helps.
    """
    problem = inspect().problem()
    if problem is not None:
        what, command = problem
        fail("E1014", f"`--device cuda` cannot be used: {what}", hint=f"try: {command}")


def cuda_version(number: int) -> str:
    """13000 is 13.0."""
    return f"{number // 1000}.{number % 1000 // 10}"


def _found(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _version_alone(library: ctypes.CDLL) -> int | None:
    """The version of a driver that could not start, as on a machine whose GPU was taken away."""
    found = ctypes.c_int()
    return None if library.cuDriverGetVersion(ctypes.byref(found)) else found.value


def _devices(library: ctypes.CDLL) -> tuple[tuple[str, str], ...]:
    count = ctypes.c_int()
    library.cuDeviceGetCount(ctypes.byref(count))
    return tuple(_device(library, number) for number in range(count.value))


def _device(library: ctypes.CDLL, number: int) -> tuple[str, str]:
    name = ctypes.create_string_buffer(256)
    library.cuDeviceGetName(name, len(name), number)
    capability = [_attribute(library, which, number) for which in (_MAJOR, _MINOR)]
    return name.value.decode(), ".".join(map(str, capability))


def _attribute(library: ctypes.CDLL, which: int, number: int) -> int:
    value = ctypes.c_int()
    library.cuDeviceGetAttribute(ctypes.byref(value), which, number)
    return value.value
