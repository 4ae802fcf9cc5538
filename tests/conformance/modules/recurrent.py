"""Recurrent modules: `recurrent` of cells, with states and lengths."""

from __future__ import annotations

import re

from .said import Module, Pick, Said, pick, turned

STATES = {"RNN": ("h",), "GRU": ("h",), "LSTM": ("h", "c")}


def _cell(module: Module) -> str:
    """The cell as a function of its size."""
    given = module.config
    bias = "" if given.get("bias", True) else ", bias = false"
    kind = module.kind.removesuffix("Cell")
    if kind == "RNN":
        return f"fn(n) = rnn_cell(n, activation = {given.get('nonlinearity', 'tanh')}{bias})"
    return f"fn(n) = {kind.lower()}_cell(n{bias})"


def _sequence(module: Module) -> Said:
    given, states = module.config, STATES[module.kind]
    both = given.get("bidirectional", False)
    starts = [f"in_{s}_0" for s in states]
    has_start = all(name.removeprefix("in_") in module.entry["in"] for name in starts)
    arguments = [_turned("in_input", module)]
    arguments += [f"[{', '.join(starts)}]"] if has_start else []
    lengths = re.search(r"lengths (\[.*?\])", module.entry.get("note") or "")
    arguments += [f"lengths = tensor({lengths[1]}, i64)"] if lengths else []
    lines = [
        f"f = recurrent({_cell(module)}, {given['hidden_size']}, layers = {given.get('num_layers', 1)}, "
        f"both = {str(both).lower()}, kept = {len(states)})",
        f"y, ends = f({', '.join(arguments)})",
    ]
    results = {"output": _turned("y", module)} | {f"{s}_n": f"ends[{i}]" for i, s in enumerate(states)}
    leaves: dict[str, Pick] = {}
    for layer in range(given.get("num_layers", 1)):
        for way, suffix in enumerate(("", "_reverse") if both else ("",)):
            leaves |= _leaves(f"f.one[{layer}][{way}]", f"_l{layer}{suffix}", module)
    return Said(lines, results, leaves)


def _turned(name: str, module: Module) -> str:
    """Sequences of ours are [N, T, I]; theirs, unless `batch_first`, are [T, N, I]."""
    return name if module.config.get("batch_first") else f"transpose({name}, [1, 0, 2])"


def _leaves(path: str, suffix: str, module: Module) -> dict[str, Pick]:
    """Only a GRU has use for two biases."""
    leaves = {
        f"{path}.U": pick(f"weight_ih{suffix}", change=turned),
        f"{path}.W": pick(f"weight_hh{suffix}", change=turned),
    }
    biases = [f"bias_ih{suffix}", f"bias_hh{suffix}"]
    if biases[0] not in module.entry["params"]:
        return leaves
    if module.kind.startswith("GRU"):
        return leaves | {f"{path}.b": pick(biases[0]), f"{path}.c": pick(biases[1])}
    return leaves | {f"{path}.b": pick(*biases)}


def _step(module: Module) -> Said:
    states = STATES[module.kind.removesuffix("Cell")]
    given = ", ".join(["in_input", *(f"in_{s}_0" for s in states)])
    names = [f"{s}_1" for s in states]
    lines = [f"made = {_cell(module)}", f"f = made({module.config['hidden_size']})"]
    lines += [f"{', '.join(names)} = f({given})"]
    return Said(lines, {name: name for name in names}, _leaves("f", "", module))


RECURRENT = dict.fromkeys(STATES, _sequence) | {f"{kind}Cell": _step for kind in STATES}
