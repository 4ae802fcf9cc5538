"""Pooling over one, two and three axes, and its reverse."""

from __future__ import annotations

from typing import Any

from ..call import Call, Translator

_SHARED = {"stride": "stride", "padding": "padding", "ceil_mode": "ceil_mode"}


def _max_pool(axes: int) -> Translator:
    def translate(call: Call) -> str | list[str]:
        settings = f"{call['input']}, {call['kernel_size']}, count = {axes}" + call.keywords(
            **_SHARED, dilation="dilation"
        )
        value = f"max_pool({settings})"
        return [value, f"max_pool_positions({settings})"] if call.value("return_indices") else value

    return translate


def _avg_pool(axes: int) -> Translator:
    def translate(call: Call) -> str:
        settings = call.keywords(**_SHARED, count_padding="count_include_pad", divisor="divisor_override")
        return f"avg_pool({call['input']}, {call['kernel_size']}, count = {axes}{settings})"

    return translate


def _adaptive_max(axes: int) -> Translator:
    def translate(call: Call) -> str | list[str]:
        settings = f"({call['input']}, {call['output_size']}, {axes})"
        value = f"adaptive_max_pool{settings}"
        return [value, f"adaptive_max_pool_positions{settings}"] if call.value("return_indices") else value

    return translate


def _adaptive_avg(axes: int) -> Translator:
    return lambda call: f"adaptive_avg_pool({call['input']}, {call['output_size']}, {axes})"


def _power_pool(axes: int) -> Translator:
    def translate(call: Call) -> str:
        settings = f"count = {axes}" + call.keywords(stride="stride", ceil_mode="ceil_mode")
        return f"power_pool({call['input']}, {call['norm_type']}, {call['kernel_size']}, {settings})"

    return translate


def _max_unpool(axes: int) -> Translator:
    def translate(call: Call) -> str:
        return f"max_unpool({call['input']}, {call['indices']}, {_unpooled_size(call, axes)})"

    return translate


def _unpooled_size(call: Call, axes: int) -> list[int]:
    """The size asked for, or the one that these windows came from without incomplete ones."""
    if "output_size" in call:
        return list(call.value("output_size")[-axes:])
    kernel, stride = (_per_axis(call.value(name), axes) for name in ("kernel_size", "stride"))
    return [(n - 1) * s + k for n, k, s in zip(call.shape("input")[-axes:], kernel, stride, strict=True)]


def _per_axis(value: Any, axes: int) -> list[int]:
    return list(value) if isinstance(value, list) else [value] * axes


OPS: dict[str, Translator] = {
    **{f"nn.functional.max_pool{axes}d": _max_pool(axes) for axes in (1, 2, 3)},
    **{f"nn.functional.avg_pool{axes}d": _avg_pool(axes) for axes in (1, 2, 3)},
    **{f"nn.functional.adaptive_max_pool{axes}d": _adaptive_max(axes) for axes in (1, 2)},
    **{f"nn.functional.adaptive_avg_pool{axes}d": _adaptive_avg(axes) for axes in (1, 2)},
    **{f"nn.functional.lp_pool{axes}d": _power_pool(axes) for axes in (1, 2)},
    **{f"nn.functional.max_unpool{axes}d": _max_unpool(axes) for axes in (1, 2)},
}
