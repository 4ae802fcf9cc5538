"""A session on a recorded device: what is copied when, what is captured, what the caller may do wrong.

The kernels are stand-ins that do nothing; `test_end_to_end.py` runs real ones.
"""

from __future__ import annotations

import gc

import numpy as np
import pytest

from support.cuda_programs import SIX, no_code, sample_inputs, stand_in, step_graphs
from support.nets import f32
from support.recording_driver import RecordingDriver, UnorderedError
from treadle.backends.numba_cuda import backend as cuda
from treadle.backends.numba_cuda import replay
from treadle.backends.protocol import DeviceMemoryError
from treadle.ir import Builder, Graph
from treadle.types import DType, TensorType


def counting() -> Graph:
    """A step with a parameter, two inputs, a constant table and outputs of several types."""
    graph = Graph("counting")
    g = Builder(graph)
    x, n = g.input("x", f32(5, 3)), g.input("n", TensorType(DType.I64, ()))
    w = g.param("w", f32(3, 4))
    table = g.table(values=(1.0, 2.0, 3.0, 4.0), dtype=DType.F32, shape=(4,))
    y = g.add(g.matmul(x, w), table)
    graph.outputs.update(y=y, n=g.add(n, n), large=g.gt(y, 0.5))
    graph.updates["w"] = g.mul(w, 0.5)
    return graph


@pytest.fixture
def driver():
    return RecordingDriver()


@pytest.fixture
def session(driver, monkeypatch):
    monkeypatch.setattr(cuda, "choose_steps", stand_in)
    return cuda.NumbaCudaBackend(driver, no_code).compile({"step": counting(), "again": counting()})


@pytest.fixture
def inputs():
    return sample_inputs(counting())


def test_leaves_begin_as_zeros_and_keep_what_is_written(session):
    """Reading gives a copy of what was written last."""
    assert not session.read("w").any()
    value = np.arange(12.0).reshape(3, 4)
    session.write("w", value)
    np.testing.assert_array_equal(session.read("w"), value)
    assert session.read("w").dtype == np.float32


def test_mistakes_are_named(session, inputs):
    """Unknown names are KeyErrors, wrong shapes ValueErrors, as in every session."""
    with pytest.raises(KeyError, match="v"):
        session.read("v")
    with pytest.raises(ValueError, match="w has shape"):
        session.write("w", np.zeros(3))
    with pytest.raises(KeyError, match="no program is named stop"):
        session.run("stop", inputs)
    with pytest.raises(KeyError, match="input n is missing"):
        session.run("step", {"x": inputs["x"]})
    with pytest.raises(ValueError, match="input x must have shape"):
        session.run("step", {**inputs, "x": np.zeros((3, 5))})


def test_outputs_have_their_types_and_shapes(session, inputs):
    """Also numbers and booleans come back as they are declared."""
    found = session.run("step", inputs)
    assert {name: (a.dtype.name, a.shape) for name, a in found.items()} == {
        "y": ("float32", (5, 4)),
        "n": ("int64", ()),
        "large": ("bool", (5, 4)),
    }


def test_a_step_is_captured_once_and_replayed(driver, session, inputs):
    """The first run launches, the second captures, later ones replay; each program has its own graph."""
    for _ in range(5):
        session.run("step", inputs)
    assert len(driver.graphs) == 1
    assert len(driver.records("replay")) == 4
    session.run("again", inputs)
    assert len(driver.graphs) == 1
    session.run("again", inputs)
    assert len(driver.graphs) == 2


def test_replays_do_what_the_first_run_did(driver, session, inputs):
    """The launches of a replay are those of the plain run, argument by argument."""
    plain = _launches_of(driver, lambda: session.run("step", inputs))
    replayed = _launches_of(driver, lambda: session.run("step", inputs))
    assert plain == replayed != []


def test_long_programs_become_several_graphs(driver, session, inputs, monkeypatch):
    """A graph has at most so many commands."""
    monkeypatch.setattr(replay, "GRAPH_LIMIT", 1)
    count = len(_launches_of(driver, lambda: session.run("step", inputs)))
    session.run("step", inputs)
    assert [len(graph) for graph in driver.graphs.values()] == [1] * count


def test_very_long_programs_are_never_captured(driver, session, inputs, monkeypatch):
    """They are launched command by command each time."""
    monkeypatch.setattr(replay, "CAPTURE_LIMIT", 1)
    runs = [_launches_of(driver, lambda: session.run("step", inputs)) for _ in range(3)]
    assert runs[0] == runs[1] == runs[2]
    assert not driver.graphs


def test_inputs_are_at_the_same_address_in_every_run(driver, session, inputs):
    """What waits in either slot is moved to where captured graphs read it."""
    for _ in range(4):
        session.run("step", inputs)
    copies = [record.details for record in driver.records("copy")]
    assert len({target for target, _, _ in copies}) == 1
    assert len({source for _, source, _ in copies}) == 2


def test_inputs_arrive_unchanged(driver, session, inputs):
    """The bytes at the program's inputs are those of the arrays."""
    session.run("step", {**inputs, "n": np.array(7, np.int32), "x": inputs["x"][::-1][::-1]})
    layout = session._layout
    group = layout.inputs["step"]
    start = group.start + group.offsets["x"]
    found = driver.memory.data[start : start + 60].view(np.float32).reshape(5, 3)
    np.testing.assert_array_equal(found, inputs["x"])
    start = group.start + group.offsets["n"]
    assert driver.memory.data[start : start + 8].view(np.int64) == 7


def test_the_next_inputs_travel_while_a_step_runs(driver, session, inputs):
    """An upload that is sent after a start waits for nothing of it, and the next start uses it."""
    session.run("step", inputs)
    session.run("step", inputs)
    running = session.start("step", inputs)
    following = dict(inputs)
    session.send("step", following)
    upload, step = driver.records("upload")[-1], driver.records("replay")[-1]
    assert upload.stream != step.stream
    assert not step.is_before(upload)
    running.outputs()
    count = len(driver.records("upload"))
    session.run("step", following)
    assert len(driver.records("upload")) == count
    assert upload.is_before(driver.records("replay")[-1])


def test_a_slot_is_not_written_while_it_is_read(session, inputs):
    """Many inputs sent ahead, more than there are slots: the driver finds no unordered work."""
    batches = [dict(inputs) for _ in range(6)]
    for batch in batches:
        session.send("step", batch)
    for batch in batches:
        session.start("step", batch)
    session.run("again", inputs)


def test_the_driver_of_the_tests_sees_unordered_work(driver):
    """Two streams, the same bytes, no event between them."""
    driver.allocate(256)
    one, other = driver.new_stream(), driver.new_stream()
    driver.upload(1 << 40, np.zeros(4), one)
    with pytest.raises(UnorderedError):
        driver.copy((1 << 40) + 128, 1 << 40, 8, other)


def test_starting_again_keeps_earlier_outputs(session, inputs):
    """Outputs of a run may be asked for after the next run has begun."""
    first = session.start("step", inputs)
    second = session.start("step", inputs)
    assert first.outputs().keys() == second.outputs().keys()


def test_a_session_that_does_not_fit_says_what_it_needs(monkeypatch):
    """E1017 with the plan by kind."""
    monkeypatch.setattr(cuda, "choose_steps", stand_in)
    with pytest.raises(DeviceMemoryError, match=r"1\.0 KiB of free memory.*parameters 48 B") as caught:
        cuda.NumbaCudaBackend(RecordingDriver(memory=1024), no_code).compile({"step": counting()})
    assert caught.value.diagnostics[0].code == "E1017"


def test_closing_gives_the_memory_back(driver, session):
    """One allocation, released once."""
    session.close()
    session.close()
    assert driver.released == [1 << 40]


def test_a_forgotten_session_gives_its_memory_back(driver, monkeypatch):
    """Many sessions in one process, as in a sweep, need no more memory than one."""
    monkeypatch.setattr(cuda, "choose_steps", stand_in)
    session = cuda.NumbaCudaBackend(driver, no_code).compile({"step": counting()})
    del session
    gc.collect()
    assert driver.released == [1 << 40]


def _launches_of(driver, run):
    before = len(driver.log)
    run()
    return [record.details for record in driver.log[before:] if record.name == "launch"]


@pytest.mark.parametrize("name", SIX)
def test_every_launch_of_the_specs_is_one_that_a_device_accepts(driver, name):
    """Grid, block, shared memory, pointers and numbers of all kernels, plainly launched and replayed."""
    graphs = step_graphs(name)
    session = cuda.NumbaCudaBackend(driver, no_code).compile(graphs)
    for program, graph in graphs.items():
        plain = _launches_of(driver, lambda p=program, g=graph: session.run(p, sample_inputs(g)))
        replayed = _launches_of(driver, lambda p=program, g=graph: session.run(p, sample_inputs(g)))
        assert plain == replayed != []
    assert len(driver.graphs) == len(graphs)


def test_profile_times_every_call(driver, session, inputs):
    """One time for each call of the plan, with the product's cost."""
    times = session.profile("step", inputs, runs=2)
    product = next(time for time in times if time.cost.name.startswith("matmul"))
    assert product.cost.name == "matmul 5x4x3"
    assert product.cost.operations == 2 * 5 * 4 * 3
    assert product.cost.bytes == 4 * (5 * 3 + 3 * 4 + 5 * 4)
    assert all(time.calls == 1 and time.seconds > 0 for time in times)
