"""Runs the small networks: result and gradients at the start, then 20 steps of training on one batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from treadle.backends.protocol import Session
from treadle.frontend.load import load_text
from treadle.ir import STEP_INPUT, Graph

from ..cases import Array
from ..optimizers import optimizer_text
from ..pipeline import in_training, in_width, prefixed, run, train_step
from .layers import BOUNDS, check_leaves, unlike, with_gradients
from .nets import NETS, Net
from .said import Module, Pick, typed

LOSSES = {"f64": 1e-9, "f32": 1e-4}
AFTERWARDS = {"f64": 1e-6, "f32": 1e-3}  # rounding errors grow from step to step
NO_SLOPE = 1e-12  # gradients below are 0 but for rounding, such as that of the bias of keys

SPEC = """model Case {{
  {lines}
  output result = {result}
  loss {loss}
}}

train Case {{
  optimizer {optimizer}
  batch 1   steps {steps}
}}
"""


@dataclass
class Training:
    """A small network, with its graphs by program name: `ID` gives gradients, `ID:step` trains."""

    module: Module
    net: Net
    dtype: str
    initial: dict[str, Array]
    graphs: dict[str, Graph] = field(default_factory=dict)

    def problems(self, session: Session) -> Iterator[str]:
        """What differs, first at the start, then step by step, then in the end."""
        given = {f"in_{name}": array for name, array in self.module.group("in").items()}
        self._reset(session)
        yield from self._at_start(session, given)
        self._reset(session)
        yield from self._losses(session, given)
        yield from self._afterwards(session)

    def _reset(self, session: Session) -> None:
        params, buffers = self.module.group("params"), self.module.group("buffers")
        values = self.initial | {name: leaf.value(params) for name, leaf in self.net.said.leaves.items()}
        values |= {ours: buffers[theirs] for theirs, ours in self.net.states.items()}
        for name, value in values.items():
            session.write(self._named(name), value)

    def _named(self, path: str) -> str:
        return f"{self.module.id}/{path}"

    def _at_start(self, session: Session, given: dict[str, Array]) -> Iterator[str]:
        found = run(session, self.module.id, self.graphs[self.module.id], given)
        expected, bounds = self.module.group("out")["output"], BOUNDS[self.dtype]
        yield from unlike("result", found["output:result"], expected, bounds.values)
        gradients = self.module.group("grad_param")
        for path, chosen in self.net.said.leaves.items():
            for gradient in chosen.gradients(gradients):
                yield from unlike(f"gradient of {path}", found[f"grad:{path}"], gradient, bounds.gradients)

    def _losses(self, session: Session, given: dict[str, Array]) -> Iterator[str]:
        program = f"{self.module.id}:step"
        for number, expected in enumerate(self.module.entry["losses"]):
            step = {**given, STEP_INPUT: np.array(number)}
            found = run(session, program, self.graphs[program], step)["loss"]
            yield from unlike(f"loss {number}", found, np.array(expected), LOSSES[self.dtype])

    def _afterwards(self, session: Session) -> Iterator[str]:
        params, buffers = self.module.group("params_after"), self.module.group("buffers_after")
        expected = {
            path: chosen.value(params)
            for path, chosen in self.net.said.leaves.items()
            if not self._is_noise(chosen)
        }
        expected |= {ours: buffers[theirs] for theirs, ours in self.net.states.items()}
        for path, array in expected.items():
            yield from unlike(
                f"{path} in the end", session.read(self._named(path)), array, AFTERWARDS[self.dtype]
            )

    def _is_noise(self, chosen: Pick) -> bool:
        """Whether a leaf moves by rounding errors alone, of which Adam makes whole steps in f32."""
        gradients = chosen.gradients(self.module.group("grad_param"))
        return self.dtype == "f32" and all(float(np.max(np.abs(g))) < NO_SLOPE for g in gradients)


def prepare(module: Module, dtype: str) -> Training:
    """Both programs of a network.

    Raises:
        ValueError: when leaves of ours get no numbers, or numbers have no leaf.
        TreadleError: when the pipeline refuses the spec.
    """
    net = NETS[module.id](module)
    text = _text(module, net)
    (plan,) = load_text(text, "case.tdl").trains.values()
    params = {name for name, leaf in plan.leaves.items() if leaf.kind == "param"}
    check_leaves(params, net.said, module)
    step = train_step(plan, dtype)
    start = with_gradients(in_training(text, "Case").graph, "loss", list(net.said.leaves))
    graphs = {
        module.id: in_width(prefixed(start, f"{module.id}/"), dtype),
        f"{module.id}:step": prefixed(step.graph, f"{module.id}/"),
    }
    return Training(module, net, dtype, dict(step.initial), graphs)


def _text(module: Module, net: Net) -> str:
    inputs = [f"input in_{name}: {typed(array)}" for name, array in module.group("in").items()]
    settings = dict(module.entry["optimizer"])
    name = settings.pop("name")
    return SPEC.format(
        lines="\n  ".join([*inputs, *net.said.lines]),
        result=net.said.results["output"],
        loss=net.loss,
        optimizer=optimizer_text(name, settings),
        steps=len(module.entry["losses"]),
    )
