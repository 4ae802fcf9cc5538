"""Colours of kinds as CSS, for light and dark pages.

Input: the table of looks. Output: CSS rules. A dark page has the same hues, dark and a little stronger.
"""

from __future__ import annotations

import colorsys

from treadle.viz.style import LOOKS

_PAPER = "#ffffff"
_DARK_LIGHTNESS = 0.24
_DARK_SATURATION = 0.38


def kind_styles() -> str:
    """One rule for each kind and theme; white is left to the page."""
    coloured = {kind: look.fill for kind, look in LOOKS.items() if look.fill != _PAPER}
    light = [f'[data-kind="{kind.name}"] {{ --kind: {fill}; }}' for kind, fill in coloured.items()]
    dark = [
        f'[data-theme="dark"] [data-kind="{kind.name}"] {{ --kind: {darkened(fill)}; }}'
        for kind, fill in coloured.items()
    ]
    return "\n".join([*light, *dark])


def darkened(colour: str) -> str:
    """A light colour such as `#cfe2f7` for a dark page: its hue, dark; greys stay grey."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, _, saturation = colorsys.rgb_to_hls(red, green, blue)
    strength = _DARK_SATURATION if saturation > 0.05 else 0.0
    channels = colorsys.hls_to_rgb(hue, _DARK_LIGHTNESS, strength)
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in channels)
