"""The wrapper of the real driver over a stand-in for the CUDA bindings: what is passed on and refused."""

from __future__ import annotations

import ctypes
import gc
from types import SimpleNamespace

import numpy as np
import pytest

from support.cuda_parts import needs_cuda_compiler
from treadle.backends.numba_cuda.driver_api import AllocationError, Bound
from treadle.backends.numba_cuda.kernel import KernelSource
from treadle.errors import TreadleError

pytestmark = needs_cuda_compiler


class Bindings:
    """Calls of the CUDA driver that succeed and are noted; `answers` gives results other than none."""

    def __init__(self, real, **answers):
        self.CUresult, self.CUdevice_attribute = real.CUresult, real.CUdevice_attribute
        self.CUfunction_attribute, self.CUstream_flags = real.CUfunction_attribute, real.CUstream_flags
        self.CUevent_flags, self.CUstreamCaptureMode = real.CUevent_flags, real.CUstreamCaptureMode
        self.CUevent_record_flags = real.CUevent_record_flags
        self.answers = answers
        self.calls = []

    def __getattr__(self, name):
        if not name.startswith("cu"):
            raise AttributeError(name)

        def call(*arguments):
            self.calls.append((name, arguments))
            answer = self.answers.get(name, (name,))
            answer = answer(*arguments) if callable(answer) else answer
            return answer if answer and isinstance(answer[0], self.CUresult) else (self.success, *answer)

        call.__name__ = name
        return call

    @property
    def success(self):
        return self.CUresult.CUDA_SUCCESS

    def named(self, name):
        return [arguments for called, arguments in self.calls if called == name]


@pytest.fixture
def opened(monkeypatch):
    """Opens a driver over bindings with these answers."""
    from treadle.backends.numba_cuda import cuda_driver  # noqa: PLC0415 - needs the CUDA packages

    def make(major=9, minor=0, **answers):
        real = cuda_driver.cu
        attribute = real.CUdevice_attribute
        known = {
            attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: major,
            attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: minor,
            attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: 132,
        }
        common = {
            "cuDeviceGetAttribute": lambda which, _: (known[which],),
            "cuDeviceGetName": (b"NVIDIA H200\0\0",),
            "cuDeviceTotalMem": (150 << 30,),
        }
        bindings = Bindings(real, **{**common, **answers})
        monkeypatch.setattr(cuda_driver, "cu", bindings)
        return SimpleNamespace(driver=cuda_driver.CudaDriver(), cu=bindings)

    return make


@pytest.mark.parametrize(("capability", "target"), [((8, 0), "sm_80"), ((8, 9), "sm_89"), ((9, 0), "sm_90a")])
def test_a_device_has_the_architecture_that_kernels_are_made_for(opened, capability, target):
    """From Hopper on, with the instructions of that architecture only."""
    device = opened(*capability).driver.device
    assert (device.name, device.target, device.memory) == ("NVIDIA H200", target, 150 << 30)


def test_old_devices_are_refused(opened):
    """E1015 before anything is compiled."""
    with pytest.raises(TreadleError, match=r"E1015.*compute capability 7\.5; kernels need 8\.0"):
        opened(7, 5)


def test_a_failed_call_is_a_diagnostic(opened):
    """E1016 with the call and the driver's own words."""
    made = opened(
        cuGetErrorString=(b"an illegal memory access was encountered",),
        cuEventSynchronize=lambda _: (made.cu.CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,),
    )
    event = made.driver.new_event()
    with pytest.raises(TreadleError, match=r"E1016.*cuEventSynchronize failed: an illegal memory access"):
        made.driver.finish(event)


def test_full_memory_tells_how_much_is_free(opened):
    """An allocation that fails is no diagnostic yet: the backend knows what the memory is for."""
    made = opened(
        cuMemAlloc=lambda _: (made.cu.CUresult.CUDA_ERROR_OUT_OF_MEMORY, None), cuMemGetInfo=(4096, 8192)
    )
    with pytest.raises(AllocationError) as caught:
        made.driver.allocate(10_000)
    assert (caught.value.wanted, caught.value.free) == (10_000, 4096)


def test_arguments_have_the_widths_of_their_parameters(opened):
    """Pointers are 64 bits wide, i32 32 bits, floats floats; they are alive while the driver reads them."""
    seen = []

    def launch(*arguments):
        pointers = ctypes.cast(arguments[9], ctypes.POINTER(ctypes.c_void_p))
        kinds = (ctypes.c_uint64, ctypes.c_int32, ctypes.c_float, ctypes.c_int64)
        seen.extend(kind.from_address(pointers[place]).value for place, kind in enumerate(kinds))
        return ()

    made = opened(cuLaunchKernel=launch)
    source = KernelSource("k", "", ("f32*", "i32", "f32", "i64"), 64)
    kernel, stream = made.driver.load(b"cubin", 0), made.driver.new_stream()
    bound = Bound(source, (3, 2, 1), (64, 1, 1), ((1 << 47) + 8, -5, 1.5, 1 << 40), 128)
    made.driver.launch(kernel, bound, stream)
    assert seen == [(1 << 47) + 8, -5, 1.5, 1 << 40]
    ((_, *geometry),) = [arguments[:8] for arguments in made.cu.named("cuLaunchKernel")]
    assert geometry == [3, 2, 1, 64, 1, 1, 128]


def test_large_shared_memory_is_asked_for(opened):
    """Above 48 KiB a kernel needs leave; below, nothing is set."""
    made = opened()
    made.driver.load(b"cubin", 48 * 1024)
    assert not made.cu.named("cuFuncSetAttribute")
    made.driver.load(b"cubin", 100_000)
    ((_, _, size),) = made.cu.named("cuFuncSetAttribute")
    assert size == 100_000


def test_a_captured_graph_is_made_ready_once(opened):
    """Captured, instantiated, the description destroyed; then launched as often as asked."""
    made = opened()
    stream = made.driver.new_stream()
    made.driver.begin_capture(stream)
    made.driver.mark(made.driver.new_event(), stream)
    graph = made.driver.end_capture(stream)
    made.driver.replay(graph, stream)
    made.driver.replay(graph, stream)
    ((_, _, flags),) = made.cu.named("cuEventRecordWithFlags")
    assert flags == 1  # external: a node of the graph
    names = [name for name, _ in made.cu.calls if "Graph" in name or "Capture" in name]
    assert names == [
        "cuStreamBeginCapture",
        "cuStreamEndCapture",
        "cuGraphInstantiate",
        "cuGraphDestroy",
        "cuGraphLaunch",
        "cuGraphLaunch",
    ]


def test_copies_pass_addresses_and_sizes(opened):
    """Host arrays by address; asynchronously, on the given stream."""
    made = opened()
    stream = made.driver.new_stream()
    array = np.arange(6, dtype=np.float32)
    made.driver.upload(4096, array, stream)
    made.driver.download(array, 8192, stream)
    assert made.cu.named("cuMemcpyHtoDAsync") == [(4096, array.ctypes.data, 24, "cuStreamCreate")]
    assert made.cu.named("cuMemcpyDtoHAsync") == [(array.ctypes.data, 8192, 24, "cuStreamCreate")]


def test_page_locked_memory_is_given_back(opened):
    """Once no array refers to it; views keep it."""
    buffer = (ctypes.c_uint8 * 64)()
    made = opened(cuMemHostAlloc=(ctypes.addressof(buffer),))
    memory = made.driver.host_memory(64)
    memory[:] = 5
    part = memory[8:16].view(np.int64)
    del memory
    gc.collect()
    assert not made.cu.named("cuMemFreeHost")
    assert bytes(buffer) == b"\5" * 64
    del part
    gc.collect()
    assert made.cu.named("cuMemFreeHost") == [(ctypes.addressof(buffer),)]


def test_products_go_to_their_library(opened, monkeypatch):
    """It is loaded with the first product, and gets the stream itself."""
    from treadle.backends.numba_cuda import cuda_driver  # noqa: PLC0415 - needs the CUDA packages

    noted = []
    loaded = SimpleNamespace(multiply=lambda *arguments: noted.append(arguments))
    monkeypatch.setattr(cuda_driver, "Library", lambda: noted.append("loaded") or loaded)
    driver = opened(cuStreamCreate=(77,)).driver
    stream = driver.new_stream()
    for _ in range(2):
        driver.multiply("a product", (1, 2, 3, 4), stream)
    assert noted == ["loaded", *[("a product", (1, 2, 3, 4), 77)] * 2]
