"""The driver of NVIDIA GPUs, as `driver_api.Driver`.

Input: a device number. Output: its primary context, behind typed calls. Everything goes through one place
that turns a failed call into a diagnostic. Imports the CUDA bindings; so it is imported only once the parts
of CUDA are known to be present (`presence.py`).
"""

from __future__ import annotations

import ctypes
from functools import cached_property
from typing import Any
from weakref import finalize

import numpy as np
from cuda.bindings import driver as cu
from numpy.typing import NDArray

from treadle.backends.numba_cuda.compile import SYMBOL
from treadle.backends.numba_cuda.cublas import Library
from treadle.backends.numba_cuda.driver_api import AllocationError, Bound, Bytes, Device, Handle
from treadle.backends.numba_cuda.kernel import Product
from treadle.errors import fail

_OLDEST = (8, 0)
_WITH_FEATURES = 9  # from this capability on, instructions of one architecture only need the ending `a`
_C_TYPES: dict[str, Any] = {
    "f32": ctypes.c_float,
    "f64": ctypes.c_double,
    "i32": ctypes.c_int32,
    "u32": ctypes.c_uint32,
    "i64": ctypes.c_int64,
    "u64": ctypes.c_uint64,
}
_STATIC_SHARED = 48 * 1024  # what a launch may use without asking


class CudaDriver:
    """The primary context of one GPU."""

    def __init__(self, number: int = 0) -> None:
        """Opens a device.

        Raises:
            TreadleError: E1015 for a GPU that is too old, E1016 when the driver fails.
        """
        _call(cu.cuInit, 0)
        device = _call(cu.cuDeviceGet, number)
        self.device = _describe(device)
        _call(cu.cuCtxSetCurrent, _call(cu.cuDevicePrimaryCtxRetain, device))
        self._objects: dict[Handle, Any] = {}

    def allocate(self, size: int) -> int:
        """See `Driver`."""
        status, address = cu.cuMemAlloc(size)
        if status == cu.CUresult.CUDA_ERROR_OUT_OF_MEMORY:
            free, _total = _call(cu.cuMemGetInfo)
            raise AllocationError(size, int(free))
        _check(cu.cuMemAlloc, status)
        return int(address)

    def release(self, address: int) -> None:
        """See `Driver`."""
        _call(cu.cuMemFree, address)

    def host_memory(self, size: int) -> Bytes:
        """See `Driver`; given back when nothing refers to it any more."""
        address = int(_call(cu.cuMemHostAlloc, max(size, 1), 0))
        memory = (ctypes.c_uint8 * size).from_address(address)
        finalize(memory, cu.cuMemFreeHost, address).atexit = False
        return np.ctypeslib.as_array(memory)

    def load(self, cubin: bytes, shared: int) -> Handle:
        """See `Driver`."""
        module = _call(cu.cuModuleLoadData, cubin)
        kernel = _call(cu.cuModuleGetFunction, module, SYMBOL.encode())
        if shared > _STATIC_SHARED:
            limit = cu.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
            _call(cu.cuFuncSetAttribute, kernel, limit, shared)
        return self._keep(kernel)

    def new_stream(self) -> Handle:
        """See `Driver`."""
        return self._keep(_call(cu.cuStreamCreate, int(cu.CUstream_flags.CU_STREAM_NON_BLOCKING)))

    def new_event(self) -> Handle:
        """See `Driver`."""
        return self._keep(_call(cu.cuEventCreate, int(cu.CUevent_flags.CU_EVENT_DEFAULT)))

    def record(self, event: Handle, stream: Handle) -> None:
        """See `Driver`."""
        _call(cu.cuEventRecord, self._objects[event], self._objects[stream])

    def mark(self, event: Handle, stream: Handle) -> None:
        """See `Driver`."""
        flags = int(cu.CUevent_record_flags.CU_EVENT_RECORD_EXTERNAL)
        _call(cu.cuEventRecordWithFlags, self._objects[event], self._objects[stream], flags)

    def wait(self, stream: Handle, event: Handle) -> None:
        """See `Driver`."""
        _call(cu.cuStreamWaitEvent, self._objects[stream], self._objects[event], 0)

    def finish(self, event: Handle) -> None:
        """See `Driver`."""
        _call(cu.cuEventSynchronize, self._objects[event])

    def seconds(self, start: Handle, end: Handle) -> float:
        """See `Driver`."""
        return float(_call(cu.cuEventElapsedTime, self._objects[start], self._objects[end])) * 1e-3

    def upload(self, address: int, source: NDArray[Any], stream: Handle) -> None:
        """See `Driver`."""
        _call(cu.cuMemcpyHtoDAsync, address, source.ctypes.data, source.nbytes, self._objects[stream])

    def download(self, target: NDArray[Any], address: int, stream: Handle) -> None:
        """See `Driver`."""
        _call(cu.cuMemcpyDtoHAsync, target.ctypes.data, address, target.nbytes, self._objects[stream])

    def copy(self, target: int, source: int, size: int, stream: Handle) -> None:
        """See `Driver`."""
        _call(cu.cuMemcpyDtoDAsync, target, source, size, self._objects[stream])

    def fill(self, address: int, value: int, count: int, stream: Handle) -> None:
        """See `Driver`."""
        _call(cu.cuMemsetD8Async, address, value, count, self._objects[stream])

    def launch(self, kernel: Handle, bound: Bound, stream: Handle) -> None:
        """See `Driver`; the driver copies the arguments before it returns."""
        values = [_argument(p, v) for p, v in zip(bound.source.params, bound.values, strict=True)]
        pointers = (ctypes.c_void_p * len(values))(*(ctypes.addressof(value) for value in values))
        where = (*bound.grid, *bound.block, bound.shared, self._objects[stream])
        _call(cu.cuLaunchKernel, self._objects[kernel], *where, ctypes.addressof(pointers), 0)

    def multiply(self, product: Product, addresses: tuple[int, ...], stream: Handle) -> None:
        """See `Driver`."""
        self._library.multiply(product, addresses, int(self._objects[stream]))

    def begin_capture(self, stream: Handle) -> None:
        """See `Driver`."""
        mode = cu.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL
        _call(cu.cuStreamBeginCapture, self._objects[stream], mode)

    def end_capture(self, stream: Handle) -> Handle:
        """See `Driver`."""
        graph = _call(cu.cuStreamEndCapture, self._objects[stream])
        ready = self._keep(_call(cu.cuGraphInstantiate, graph, 0))
        _call(cu.cuGraphDestroy, graph)
        return ready

    def replay(self, graph: Handle, stream: Handle) -> None:
        """See `Driver`."""
        _call(cu.cuGraphLaunch, self._objects[graph], self._objects[stream])

    @cached_property
    def _library(self) -> Library:
        return Library()

    def _keep(self, thing: Any) -> Handle:
        handle = len(self._objects) + 1
        self._objects[handle] = thing
        return handle


def _argument(param: str, value: float) -> Any:
    kind: Any = ctypes.c_uint64 if param.endswith("*") else _C_TYPES[param]
    return kind(value)


def _describe(device: Any) -> Device:
    attribute = cu.CUdevice_attribute
    major = _call(cu.cuDeviceGetAttribute, attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device)
    minor = _call(cu.cuDeviceGetAttribute, attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device)
    name = _call(cu.cuDeviceGetName, 256, device).split(b"\0")[0].decode()
    if (major, minor) < _OLDEST:
        message = f"{name} has compute capability {major}.{minor}; kernels need {_OLDEST[0]}.{_OLDEST[1]}"
        fail("E1015", message, hint="run with `--device cpu`")
    return Device(
        name=name,
        target=f"sm_{major}{minor}{'a' if major >= _WITH_FEATURES else ''}",
        memory=int(_call(cu.cuDeviceTotalMem, device)),
        multiprocessors=int(
            _call(cu.cuDeviceGetAttribute, attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device)
        ),
    )


def _call(function: Any, *arguments: Any) -> Any:
    """The results of a driver function without its status: None, one value, or a tuple.

    Raises:
        TreadleError: E1016 when the call fails.
    """
    status, *results = function(*arguments)
    _check(function, status)
    if len(results) > 1:
        return tuple(results)
    return results[0] if results else None


def _check(function: Any, status: Any) -> None:
    if status != cu.CUresult.CUDA_SUCCESS:
        _status, text = cu.cuGetErrorString(status)
        explained = text.decode() if text else str(status)
        fail("E1016", f"{function.__name__} failed: {explained}", hint="`treadle doctor` looks at the GPU")
