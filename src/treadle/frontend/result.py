"""What the frontend hands on: checked specs, model graphs and training plans.

Stage: the elaborator's output, the input of `autodiff`, `driver` and `train`. Step graphs still hold `grad`
nodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from treadle.frontend import ast
from treadle.ir import Graph
from treadle.source import Source, Span
from treadle.types import DType, TensorType

if TYPE_CHECKING:
    from treadle.frontend.program import Module

POSITION_INPUT = "$position"  # where the latest symbol stands, for graphs that continue a sequence
LeafKind = Literal["param", "state"]
Role = Literal["weight", "bias", "other"]


@dataclass(frozen=True)
class LeafInfo:
    """A tensor that persists between steps.

    Attributes:
        name: layer path and own name, such as `block[2].attn.W_q`; optimizer states are `adam.m:dense.W`.
        kind: trained (`param`) or kept (`state`).
        scope: path of the owning layer.
        role: parameters of two or more axes are weights, the others biases; states are neither.
    """

    name: str
    type: TensorType
    kind: LeafKind
    scope: str
    span: Span
    trainable: bool
    role: Role


@dataclass(frozen=True)
class ModelGraph:
    """A model expanded for evaluation.

    Attributes:
        graph: outputs `loss`, `loss:NAME`, `metric:NAME`, `output:NAME`.
        init: outputs the initial value of each leaf, by leaf name; its only input is `$rng`.
        inputs: names of the inputs in order of declaration.
        targets: names of the inputs that exist for the loss and metrics only.
        batch: name of the leading symbol of the inputs, if they have one.
    """

    name: str
    graph: Graph
    init: Graph
    leaves: dict[str, LeafInfo]
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    batch: str | None = None


@dataclass(frozen=True)
class PhasePlan:
    """One objective of a training step.

    `graph` outputs `loss` and metrics; its updates are those of parameters, optimizer states and layer
    states. `precision` is the element type that products and activations are computed in.
    """

    name: str
    repeat: int
    graph: Graph
    precision: DType = DType.F32


@dataclass(frozen=True)
class StopRule:
    """When training ends early: `metric` has not improved for `patience` evaluations."""

    metric: str
    patience: int
    mode: Literal["min", "max"]


@dataclass(frozen=True)
class Cadence:
    """`every 10 epochs`: what is to happen after so many of them."""

    count: int
    unit: Literal["epochs", "steps"]


@dataclass(frozen=True)
class KeepRules:
    """Which checkpoints of a run are kept, beside the last one and the best weights.

    Attributes:
        best: how many of the best epochs.
        last: how many of the latest saves.
        every: those at this cadence, for good.
        save: when the training saves itself; None: every few seconds, and epochs count as saves.
    """

    best: int = 1
    last: int = 1
    every: Cadence | None = None
    save: Cadence | None = None


@dataclass(frozen=True)
class LoadPlan:
    """Weights to read before the first step.

    Attributes:
        leaves: the names that take values.
        prefix: a path that names in the file may lack.
        rename: pairs of patterns, applied to the names in the file.
        transpose: patterns of names whose axes lie in another order in the file, with that order; an empty
            one stands for the reverse.
        partial: patterns of the names that may differ, () for all; None when nothing may.
    """

    file: str
    leaves: tuple[str, ...]
    prefix: str
    rename: tuple[tuple[str, str], ...]
    transpose: tuple[tuple[str, tuple[int, ...]], ...]
    partial: tuple[str, ...] | None
    span: Span


@dataclass(frozen=True)
class TrainPlan:
    """One `train` block, expanded.

    Attributes:
        phases: the step graphs, in order; each is run `repeat` times per step.
        eval: the model with `training` false.
        init: outputs the initial value of every leaf, optimizer states included.
        leaves: every leaf, optimizer states included.
        epochs, steps: how long to train; one of them is set.
        keep_best: the metric by which the best weights are kept, such as `test.accuracy`.
        settings: further settings by word, as compile-time values.
        data_arguments: the arguments of `on Data(...)`, by name.
        loads: weights to read before the first step, in order.
        keep: which checkpoints are written and kept.
    """

    name: str
    model: str
    data: str | None
    phases: tuple[PhasePlan, ...]
    eval: ModelGraph
    init: Graph
    leaves: dict[str, LeafInfo]
    batch: int
    epochs: int | None
    steps: int | None
    seed: int
    stop: StopRule | None
    keep_best: str | None
    settings: dict[str, Any]
    span: Span
    data_arguments: dict[str, Any] = field(default_factory=dict)
    loads: tuple[LoadPlan, ...] = ()
    keep: KeepRules = KeepRules()


@dataclass(frozen=True)
class SequencePlan:
    """How a model continues a sequence of symbols.

    Attributes:
        symbols: the input that holds the symbols so far, [N, T], or the latest one, [N].
        whole: whether every place predicts its successor, so that the place is chosen by `POSITION_INPUT`.
        carried: the inputs whose value in the next step is the output `carry:NAME`.
    """

    symbols: str
    whole: bool
    carried: tuple[str, ...]


@dataclass(frozen=True)
class GeneratePlan:
    """One `generate` block, expanded.

    Attributes:
        graph: for sequences the outputs `scores` (logarithms of probabilities, [N, symbols]), `next` (i64[N])
            and `carry:NAME`; else `images:NAME` and `arrays:NAME`.
        settings: `prompt`, `length`, `until`, `context`, `beam`, `penalty`, `count`, if given.
        batch: the symbol that is bound to how many results are made at once.
    """

    name: str
    model: ModelGraph
    data: str | None
    data_arguments: dict[str, Any]
    graph: Graph
    sequence: SequencePlan | None
    settings: dict[str, Any]
    batch: str | None
    seed: int
    span: Span

    @property
    def eval(self) -> ModelGraph:
        """The model, called as in a train block."""
        return self.model

    def inputs_needed(self) -> list[str]:
        """The inputs that the results depend on, apart from those that generation makes itself."""
        used = self.graph.ancestors(self.graph.outputs.values())
        made = {self.sequence.symbols, *self.sequence.carried} if self.sequence else set()
        return [
            name
            for name, node in self.graph.inputs.items()
            if node.id in used and name not in made and not name.startswith("$")
        ]


@dataclass(frozen=True)
class LoaderCall:
    """`train, test = idx("a.gz", test = 0.2)`: a source of splits, with its arguments as Python values.

    A single `train` also takes the other splits that the loader gives, unless they have a source of their
    own.
    """

    targets: tuple[str, ...]
    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    span: Span


@dataclass(frozen=True)
class Checked:
    """A spec that was parsed, expanded and found right."""

    source: Source
    spec: ast.Spec
    models: dict[str, ModelGraph]
    datas: dict[str, ast.Data]
    trains: dict[str, TrainPlan]
    module: Module = field(repr=False)
    generates: dict[str, GeneratePlan] = field(default_factory=dict)
