"""Normalisation, and softmax with its relatives; a number is taken as a vector of one."""

from __future__ import annotations

from ..call import Call, Translator


def _eps(call: Call, default: float = 1e-05) -> str:
    return call.get("eps", default)


def _scaled(call: Call, y: str) -> str:
    return f"scale_channels({y}, {call.get('weight')}, {call.get('bias')})"


def _batch_norm(call: Call) -> str | list[str]:
    if not call.value("training", default=False):
        known = f"{call['running_mean']}, {call['running_var']}"
        if len(call.shape("input")) == 1:  # channels without anything to normalise
            return f"standardise_by({call['input']}[none], {known}, {_eps(call)})[0]"
        return _scaled(call, f"standardise_by({call['input']}, {known}, {_eps(call)})")
    y = _scaled(call, f"standardise({call['input']}, channel_axes({call['input']}), {_eps(call)})")
    return _with_averages(call, y, f"channel_statistics({call['input']})")


def _with_averages(call: Call, y: str, statistics: str) -> str | list[str]:
    """The result and, where the case keeps them, the running averages after it."""
    if not call.case.mutated:
        return y
    kept = [
        f"running_average({call[name]}, {statistics}[{i}], {call.get('momentum', 0.1)})"
        for i, name in enumerate(("running_mean", "running_var"))
    ]
    return [y, *kept]


def _instance_norm(call: Call) -> str | list[str]:
    x = call["input"]
    if not call.value("use_input_stats", default=True):
        known = f"{call['running_mean']}, {call['running_var']}"
        return _scaled(call, f"standardise_by({x}, {known}, {_eps(call)})")
    y = _scaled(call, f"standardise({x}, range(2, rank({x})), {_eps(call)})")
    return _with_averages(call, y, f"instance_statistics({x})")


def _group_norm(call: Call) -> str:
    return _scaled(call, f"standardise_groups({call['input']}, {call['num_groups']}, {_eps(call)})")


def _last_axes(call: Call) -> str:
    return str(list(range(-len(call.value("normalized_shape")), 0)))


def _layer_norm(call: Call) -> str:
    y = f"standardise({call['input']}, {_last_axes(call)}, {_eps(call)})"
    scaled = f"{y} * {call['weight']}" if "weight" in call else y
    return f"{scaled} + {call['bias']}" if "bias" in call else scaled


def _rms_norm(call: Call) -> str:
    """Its default eps is the smallest step of the numbers at 1."""
    y = f"rms_scale({call['input']}, {_last_axes(call)}, {_eps(call, 2.220446049250313e-16)})"
    return f"{y} * {call['weight']}" if "weight" in call else y


def _local_response_norm(call: Call) -> str:
    settings = call.keywords(alpha="alpha", beta="beta", k="k")
    return f"local_response_norm({call['size']}{settings})({call['input']})"


def _normalize(call: Call) -> str:
    settings = call.keywords(eps="eps", power="p")
    return _on_axis(call, f"normalise({{}}, axis = {call.get('dim', 1)}{settings})")


def _soft(template: str) -> Translator:
    return lambda call: _on_axis(call, template.format(axis=call["dim"]).replace("X", "{}"))


def _on_axis(call: Call, template: str) -> str:
    if call.shape("input"):
        return template.format(call["input"])
    return f"reshape({template.format('reshape(' + call['input'] + ', [1])')}, [])"


OPS: dict[str, Translator] = {
    "nn.functional.batch_norm": _batch_norm,
    "nn.functional.instance_norm": _instance_norm,
    "nn.functional.group_norm": _group_norm,
    "nn.functional.layer_norm": _layer_norm,
    "nn.functional.rms_norm": _rms_norm,
    "nn.functional.local_response_norm": _local_response_norm,
    "nn.functional.normalize": _normalize,
    "softmax": _soft("softmax(X, {axis})"),
    "log_softmax": _soft("log_softmax(X, {axis})"),
    "nn.functional.softmin": _soft("softmin(X, {axis})"),
}
