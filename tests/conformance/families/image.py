"""Images: resizing, rearranging, windows as columns, sampling at positions."""

from __future__ import annotations

from ..call import Call, Translator, function


def _interpolate(call: Call) -> str:
    settings = call.keywords(size="size", scale="scale_factor", mode="mode", corners="align_corners")
    return f"interpolate({call['input']}{settings})"


_WINDOWS = {"stride": "stride", "padding": "padding", "dilation": "dilation"}


def _fold(call: Call) -> str:
    settings = call.keywords(**_WINDOWS)
    return f"fold({call['input']}, {call['output_size']}, {call['kernel_size']}{settings})"


OPS: dict[str, Translator] = {
    "nn.functional.interpolate": _interpolate,
    "nn.functional.pixel_shuffle": function("pixel_shuffle", "input", "upscale_factor"),
    "nn.functional.pixel_unshuffle": function("pixel_unshuffle", "input", "downscale_factor"),
    "nn.functional.channel_shuffle": function("channel_shuffle", "input", "groups"),
    "nn.functional.unfold": function("unfold", "input", "kernel_size", **_WINDOWS),
    "nn.functional.fold": _fold,
    "nn.functional.grid_sample": function(
        "grid_sample", "input", "grid", mode="mode", outside="padding_mode", corners="align_corners"
    ),
}
