"""A network as an object: forward, gradient, step, train, evaluate on NumPy arrays.

Input: a checked spec and what was chosen in it. Output: arrays. Programs are compiled when they are first
needed, one for each size of batch; all share the parameters. Non-goals: describing networks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treadle.api.arrays import as_inputs, by_name, sizes_of
from treadle.api.history import History
from treadle.api.learning import Learning, evaluate
from treadle.api.leaves import Leaves
from treadle.api.programs import Job, Runner
from treadle.api.view import View
from treadle.autodiff.attach import GRADIENT, with_gradients
from treadle.backends.protocol import Array
from treadle.driver import restrict
from treadle.errors import did_you_mean, fail
from treadle.frontend.result import Checked, ModelGraph, PhasePlan, TrainPlan
from treadle.ir import Graph
from treadle.train.checkpoint import Checkpoint, load_checkpoint, match_leaves, save_checkpoint
from treadle.train.data.folders import Folders
from treadle.train.data.ranges import index_limits
from treadle.train.events import Event
from treadle.train.length import TOTAL_STEPS
from treadle.train.metrics import is_measured, plain_name
from treadle.train.programs import initial_values

_OUTPUT = "output:"
_LOSS = "loss"
_ASSUMED_STEPS = 1000

Splits = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Gradient:
    """Gradients of a loss: `loss` is its value, `of[name]` the gradient in a parameter or input."""

    loss: float
    of: Mapping[str, Array]

    def __getitem__(self, name: str) -> Array:
        return self.of[name]


@dataclass(frozen=True)
class Setting:
    """What a network is made of.

    Attributes:
        checked: the spec.
        model: the model, expanded for evaluation.
        plan: the train block; None for a model alone.
        folders: where data files are searched.
        device: `cpu`, `cuda` or `numpy`.
        threads: as many as there are cores when None.
        seed: of initial values, batches and draws.
    """

    checked: Checked
    model: ModelGraph
    plan: TrainPlan | None
    folders: Folders
    device: str
    threads: int | None
    seed: int


class Network:
    """A compiled network with its parameters; made by `treadle.compile`.

    Arrays are given by place or by name: `net.forward(image)`, `net.step(image=x, digit=y)`. An array of the
    declared element type whose elements lie in order is read where it is; results are written into arrays of
    their own, which stay as they are when the network runs again.
    """

    def __init__(self, setting: Setting) -> None:
        """Starts from the initial values; `treadle.compile` is the way to call it."""
        self._setting = setting
        model, plan = setting.model, setting.plan
        infos = model.leaves if plan is None else {**model.leaves, **plan.leaves}
        init = model.init if plan is None else plan.init
        self._leaves = Leaves(infos, initial_values(init, setting.seed, plan.batch if plan else 1))
        self._runner = Runner(self._leaves, setting.device, setting.threads)
        self._limits = index_limits(model.graph)
        self._runs = self._steps = 0
        self._jobs: dict[str, Job] = {}

    def __repr__(self) -> str:
        given = ", ".join(f"{name}: {self._setting.model.graph.inputs[name].type}" for name in self.inputs)
        return f"<Network {self.name}({given}) -> {', '.join(self.outputs) or 'nothing'}>"

    @property
    def name(self) -> str:
        """The name of the model."""
        return self._setting.model.name

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs, in order of declaration."""
        return self._setting.model.inputs

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the inputs that exist for the loss and metrics only."""
        return self._setting.model.targets

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of what `forward` gives."""
        names = self._setting.model.graph.outputs
        return tuple(name.removeprefix(_OUTPUT) for name in names if name.startswith(_OUTPUT))

    @property
    def phases(self) -> tuple[str, ...]:
        """The names of the objectives of a training step; most networks have one."""
        return tuple(phase.name for phase in self._phases())

    @property
    def parameters(self) -> MutableMapping[str, Array]:
        """What is trained, by name such as `block[2].attn.W_q`: reading copies, writing sets the value."""
        return View(self._leaves, "param")

    @property
    def states(self) -> MutableMapping[str, Array]:
        """What layers and optimizers keep, as `parameters`."""
        return View(self._leaves, "state")

    def forward(self, /, *arrays: Any, **named: Any) -> dict[str, Array]:
        """The outputs by name, in evaluation mode: no dropout, kept statistics in normalisations.

        Raises:
            TreadleError: E1005 for a model without outputs, E0610 for missing or unknown inputs, E0703, E0704
                and E0709 for arrays of another shape, element type or range.
        """
        job = self._job("forward", self._forward_graph)
        found = self._run(job, by_name(arrays, named, self.inputs))
        return {name.removeprefix(_OUTPUT): array for name, array in found.items()}

    def __call__(self, /, *arrays: Any, **named: Any) -> Array:
        """The only output of `forward`.

        Raises:
            TreadleError: E1005 when there are several; see `forward`.
        """
        if len(self.outputs) > 1:
            fail(
                "E1005", f"{self.name} has several outputs: {', '.join(self.outputs)}", hint="call `forward`"
            )
        return next(iter(self.forward(*arrays, **named).values()))

    def gradient(
        self, /, *arrays: Any, wrt: Sequence[str] | None = None, phase: str | None = None, **named: Any
    ) -> Gradient:
        """The loss of a batch as a training step would see it, and its gradients; nothing is changed.

        Args:
            arrays: inputs, then targets, in order of declaration.
            wrt: parameters, or inputs of floats; all trained parameters when None.
            phase: whose loss, when a training step has several objectives.
            named: inputs and targets by name.

        Raises:
            TreadleError: E1005 without a loss or for an unknown phase or name; see `forward`.
        """
        source = self._loss_source(phase)
        names = tuple(self._trained(source.graph) if wrt is None else wrt)
        for name in names:
            _refuse_unknown(name, source.graph)

        def graph() -> Graph:
            return with_gradients(source.graph, _LOSS, names, keep=[_LOSS])

        job = self._job(f"gradient:{source.name}:{','.join(names)}", graph, source)
        found = self._run(job, self._all_named(arrays, named), number=self._runs + 1, step=self._steps)
        return Gradient(float(found[_LOSS]), {name: found[f"{GRADIENT}{name}"] for name in names})

    def step(self, /, *arrays: Any, phase: str | None = None, **named: Any) -> dict[str, float]:
        """One training step on a batch: forward, backward, update; returns the loss and metrics.

        With several phases each is run as often as the spec says, all on this batch; their values are named
        `phase.loss`. Random draws are those of the spec's own training at this step.

        Args:
            arrays: inputs, then targets, in order of declaration.
            phase: runs only this one, once.
            named: inputs and targets by name.

        Raises:
            TreadleError: E1005 without a train block or for an unknown phase; see `forward`.
        """
        chosen = [self._phase(phase)] if phase else [p for p in self._phases() for _ in range(p.repeat)]
        if not chosen:
            fail("E1005", f"{self.name} has no train block", hint="`step` needs its loss and optimizer")
        given = self._all_named(arrays, named)
        values: dict[str, float] = {}
        for one in chosen:
            self._runs += 1
            job = self._job(f"step:{one.name}", lambda one=one: one.graph, one)  # type: ignore[misc]
            found = self._run(job, given, number=self._runs, step=self._steps)
            prefix = f"{one.name}." if len(self._phases()) > 1 else ""
            values |= {prefix + plain_name(n): float(v) for n, v in found.items() if is_measured(n)}
        self._steps += 1
        return values

    def train(
        self,
        data: Mapping[str, Any] | Splits | None = None,
        *,
        epochs: int | None = None,
        steps: int | None = None,
        batch: int | None = None,
        run: str | Path | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> History:
        """Trains as the spec says, from the present values of the parameters; optimizer states start anew.

        Afterwards the parameters are those of the best epoch where the spec keeps it, else the last ones.

        Args:
            data: arrays by input name, or splits of such arrays (`{"train": {...}, "test": {...}}`); what the
                spec names when None.
            epochs: instead of the spec's.
            steps: instead of the spec's.
            batch: examples in a batch, instead of the spec's.
            run: a folder for checkpoints, metrics and curves; nothing is left on the disk when None.
            on_event: is called with every event, such as the end of an epoch.

        Raises:
            TreadleError: E1005 without a train block; E07xx and E0610 for data that do not fit; E0612 when
                the loss is no finite number.
        """
        learning = Learning(self._setting.checked, self._plan("train"), self._setting.folders, self._leaves)
        adjusted = learning.adjusted(epochs, steps, batch, self._setting.seed)
        return adjusted.run(data, self._setting.device, self._setting.threads, run, on_event)

    def evaluate(self, data: Mapping[str, Any] | Splits | None = None) -> dict[str, float]:
        """The loss and metrics over all examples, such as `test.accuracy`.

        Args:
            data: as for `train`; arrays without splits are called `given`.

        Raises:
            TreadleError: as `train`.
        """
        setting = self._setting
        learning = Learning(setting.checked, self._plan("evaluate"), setting.folders, self._leaves)
        return evaluate(learning, data, setting.device, setting.threads)

    def save(self, path: str | Path) -> None:
        """Writes parameters and states to a .safetensors file.

        Raises:
            TreadleError: E0808 when it cannot be written.
        """
        values = {name: self._leaves.read(name) for name in self._leaves}
        save_checkpoint(Path(path), Checkpoint(values, {"model": self.name}))

    def load(self, path: str | Path) -> None:
        """Takes parameters and states from a .safetensors file.

        Raises:
            TreadleError: E0801, E0802 for a missing or damaged file, E0803 to E0806 for tensors that differ.
        """
        types = {name: info.type for name, info in self._setting.model.leaves.items()}
        values = load_checkpoint(Path(path)).values
        known = {name: info.type for name, info in self._leaves.infos.items() if name in values}
        for name, value in match_leaves(values, types | known, str(path)).items():
            self._leaves.write(name, value)

    def _run(self, job: Job, given: Mapping[str, Any], *, number: int = 0, step: int = 0) -> dict[str, Array]:
        inputs = as_inputs(self._setting.model, given, job.reads)
        plan = self._setting.plan
        total = (plan.steps if plan else None) or _ASSUMED_STEPS
        sizes = sizes_of(self._setting.model, inputs, self._limits) | {TOTAL_STEPS: total}
        return self._runner.run(job, inputs, sizes, key=(self._setting.seed, number), step=step)

    def _job(self, name: str, graph: Callable[[], Graph], source: PhasePlan | None = None) -> Job:
        if name not in self._jobs:
            self._jobs[name] = Job(name, graph()) if source is None else Job(name, graph(), source.precision)
        return self._jobs[name]

    def _forward_graph(self) -> Graph:
        if not self.outputs:
            fail(
                "E1005",
                f"model {self.name} declares no `output`",
                hint="add `output probability = ...` to it",
            )
        return restrict(self._setting.model.graph, lambda name: name.startswith(_OUTPUT))

    def _all_named(self, arrays: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
        return by_name(arrays, named, (*self.inputs, *self.targets))

    def _plan(self, method: str) -> TrainPlan:
        plan = self._setting.plan
        if plan is None:
            fail("E1005", f"{self.name} has no train block, which `{method}` needs")
        return plan

    def _phases(self) -> tuple[PhasePlan, ...]:
        return () if self._setting.plan is None else self._setting.plan.phases

    def _phase(self, name: str) -> PhasePlan:
        found = {phase.name: phase for phase in self._phases()}
        if name not in found:
            hint = did_you_mean(name, found) or (f"there are: {', '.join(found)}" if found else None)
            fail("E1005", f"{self.name} has no phase `{name}`", hint=hint)
        return found[name]

    def _loss_source(self, phase: str | None) -> PhasePlan:
        """The phase whose loss is meant; of a model alone, its evaluation."""
        if phase is not None or len(self._phases()) == 1:
            return self._phase(phase or self.phases[0])
        if self._phases():
            fail(
                "E1005", f"{self.name} has several: {', '.join(self.phases)}", hint="choose one with `phase=`"
            )
        if _LOSS not in self._setting.model.graph.outputs:
            fail("E1005", f"model {self.name} declares no `loss`")
        return PhasePlan("evaluation", 1, self._setting.model.graph)

    def _trained(self, graph: Graph) -> list[str]:
        return [name for name in graph.params if self._leaves.infos[name].trainable]


def _refuse_unknown(name: str, graph: Graph) -> None:
    entering = {**graph.inputs, **graph.leaves()}
    if name not in entering or not entering[name].type.dtype.is_float:
        hint = did_you_mean(name, [n for n, node in entering.items() if node.type.dtype.is_float])
        fail("E1005", f"there is no parameter or input of floats `{name}`", hint=hint)
