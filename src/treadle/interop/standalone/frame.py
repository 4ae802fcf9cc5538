"""What stands around the functions of an exported module: head, loading, training loop, main program.

Input: what is exported, and the functions already written. Output: pieces of Python text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from treadle.frontend.result import ModelGraph, PhasePlan, TrainPlan
from treadle.interop.standalone.layers import KEY, NUMBER
from treadle.interop.standalone.lines import wrapped
from treadle.interop.standalone.programs import Program
from treadle.ir import RNG_INPUT, STEP_INPUT
from treadle.source import Source
from treadle.train.length import TOTAL_STEPS

_WITHOUT_DATA = 100  # steps that count as an epoch when there are no examples to go through

LOAD = '''def load(path):
    """Arrays by name, from an .npz file."""
    with np.load(path, allow_pickle=False) as archive:
        return dict(archive)'''

BATCHES = '''def batches(data, batch, seed):
    """Batches without end; each epoch has an order of its own, that of `treadle train`."""
    size, epoch = len(next(iter(data.values()))), 0
    while True:
        order = {order}
        for start in range(0, size - batch + 1, batch):
            yield {{name: array[order[start : start + batch]] for name, array in data.items()}}
        epoch += 1'''
_SHUFFLED = "np.random.default_rng([seed, epoch]).permutation(size)"
_IN_ORDER = "np.arange(size)"


@dataclass(frozen=True)
class Trained:
    """A training block, and for each phase the function of its step."""

    plan: TrainPlan
    steps: Sequence[tuple[PhasePlan, Program]]

    @property
    def inputs(self) -> list[str]:
        """The inputs of all phases that data give, by their names in the spec."""
        names = {name: None for _, program in self.steps for name in program.inputs}
        return [name for name in names if name not in {RNG_INPUT, STEP_INPUT}]

    @property
    def draws(self) -> bool:
        """Whether some phase draws random numbers."""
        return any(RNG_INPUT in program.inputs for _, program in self.steps)


def docstring(
    model: ModelGraph,
    source: Source,
    forward: Program | None,
    trained: Trained | None,
    target: str,
    version: str,
) -> str:
    """The head of a module: what it is, what its functions take, the spec."""
    needs = "NumPy and Numba" if target == "python" else "NumPy"
    name = source.name.replace("\\", "/").rpartition("/")[2]
    lines = [f"{model.name}, written by Treadle {version} from {name}. It needs {needs} and nothing else."]
    lines += ["", '    weights = load("FILE.npz")        the arrays beside this module, by name']
    if forward is not None:
        lines.append(f"    {_usage(forward, 'results')}")
    for _, program in trained.steps if trained else ():
        lines.append(f"    {_usage(program, 'results, weights')}")
    if trained:
        lines.append("    weights = train(weights, data)    a loop over those steps")
    lines += ["", "Arrays that go in, with the names of their sizes:", "", *_inputs(model, forward, trained)]
    lines += ["", "The spec:", "", *(f"    {line}".rstrip() for line in source.text.strip().splitlines())]
    text = "\n".join(lines).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'"""{text}\n"""'


def _usage(program: Program, results: str) -> str:
    plain = [name for title, name in program.inputs.items() if title not in {RNG_INPUT, STEP_INPUT}]
    return f"{results} = {program.name}({', '.join(['weights', *plain])})"


def _inputs(model: ModelGraph, forward: Program | None, trained: Trained | None) -> Iterable[str]:
    names = dict.fromkeys(forward.inputs) if forward else {}
    names |= dict.fromkeys(trained.inputs if trained else ())
    for name in names:
        if name in model.graph.inputs:
            yield f"    {name}: {model.graph.inputs[name].type}"


def training_loop(trained: Trained) -> list[str]:
    """The functions `batches` and `train`."""
    plan, inputs = trained.plan, trained.inputs
    runs = sum(phase.repeat for phase, _ in trained.steps)
    order = _SHUFFLED if plan.settings.get("shuffle", True) else _IN_ORDER
    settings = [f"steps={plan.steps}"] if plan.steps is not None else [f"epochs={plan.epochs}"]
    settings += [f"batch={plan.batch}", f"seed={plan.seed}"]
    lines = [*wrapped(f"def train(weights, data, {', '.join(settings)}):", 0)]
    lines += [
        '    """Trains on arrays by the names of inputs, as `treadle train` does without augmentation."""'
    ]
    if inputs:
        lines += ["    rows = batches(data, batch, seed)"]
    if plan.steps is None:
        per_epoch = f'len(data["{inputs[0]}"]) // batch' if inputs else str(_WITHOUT_DATA)
        share = f" // {runs}" if runs > 1 and inputs else ""
        lines += [
            f"    steps = epochs * ({per_epoch}{share})" if inputs else f"    steps = epochs * {per_epoch}"
        ]
    lines += [*(["    run = 0"] if trained.draws else []), "    for number in range(steps):"]
    for phase, program in trained.steps:
        lines += _phase(phase, program, inputs, counts=trained.draws)
    last = trained.steps[-1][0].graph.outputs
    shown = "loss" if "loss" in last else next(iter(last), "loss").rpartition(":")[2]
    lines += [
        "        if number % 100 == 0 or number == steps - 1:",
        f"            print(f\"step {{number}}: {shown} {{float(results['{shown}']):.4f}}\")",
        "    return weights",
    ]
    return [*([BATCHES.format(order=order)] if inputs else []), "\n".join(lines)]


def _phase(phase: PhasePlan, program: Program, inputs: Sequence[str], *, counts: bool) -> list[str]:
    """The runs of a phase within a step; a size that no array tells is that of a batch."""
    number = "number" if phase.repeat == 1 else f"number * {phase.repeat} + repeat"
    arguments = [f'given["{title}"]' for title in program.inputs if title in inputs]
    arguments += [f"{KEY}=(seed, run + 1)"] if RNG_INPUT in program.inputs else []
    arguments += [f"{NUMBER}={number}"] if STEP_INPUT in program.inputs else []
    total = "steps" if phase.repeat == 1 else f"steps * {phase.repeat}"
    arguments += [f"{name}={total if name == TOTAL_STEPS else 'batch'}" for name in program.symbols]
    lines = ["given = next(rows)"] if inputs else []
    lines += wrapped(f"results, weights = {program.name}({', '.join(['weights', *arguments])})", 12)
    lines += ["run += 1"] if counts else []
    indent = "        "
    if phase.repeat > 1:
        return [f"{indent}for repeat in range({phase.repeat}):", *(f"{indent}    {line}" for line in lines)]
    return [indent + line for line in lines]


def main_program(forward: Program | None, trained: Trained | None) -> str:
    """What the module does when it is run: with the arrays of a file, what it is for."""
    lines = ['if __name__ == "__main__":', '    beside = Path(__file__).with_suffix(".npz")']
    lines += ["    weights, data = load(beside), load(sys.argv[1]) if len(sys.argv) > 1 else {}"]
    if trained is not None:
        lines += ["    np.savez(beside, **train(weights, data))"]
    elif forward is not None:
        arguments = [f'data["{title}"]' for title in forward.inputs if title not in {RNG_INPUT, STEP_INPUT}]
        arguments += [f'{symbol}=int(data["{symbol}"])' for symbol in forward.symbols]
        call = wrapped(f"results = forward({', '.join(['weights', *arguments])})", 4)
        lines += [
            *(f"    {line}" for line in call),
            "    for name, value in results.items():",
            "        print(name, value)",
        ]
    return "\n".join(lines)
