"""Convolutions and their transposes; without a batch they are given one."""

from __future__ import annotations

from ..call import Call, Translator


def _convolution(name: str, axes: int) -> Translator:
    def translate(call: Call) -> str:
        image, batched = call["input"], len(call.shape("input")) == axes + 2
        settings = call.keywords(
            stride="stride", padding="padding", extra="output_padding", dilation="dilation", groups="groups"
        )
        y = f"{name}({image if batched else f'{image}[none]'}, {call['weight']}{settings})"
        if "bias" in call:
            y = f"({y} + channel_bias({call['bias']}, {axes}))"
        return y if batched else f"{y}[0]"

    return translate


OPS: dict[str, Translator] = {
    f"nn.functional.{theirs}{axes}d": _convolution(ours, axes)
    for theirs, ours in (("conv", "conv"), ("conv_transpose", "conv_transpose"))
    for axes in (1, 2, 3)
}
