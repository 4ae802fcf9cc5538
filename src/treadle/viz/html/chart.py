"""The page of a finished chart: an image that is panned and zoomed.

Input: a title and an SVG file's text. Output: the text of a page. Non-goals: drawing the chart.
"""

from __future__ import annotations

import base64
import re

from treadle.viz.html.bundle import page

_VIEW_BOX = re.compile(r'viewBox="\S+ \S+ (\S+) (\S+)"')


def html_chart(title: str, svg: str) -> str:
    """The page of a chart. The chart is embedded as an image, so that nothing in it can run.

    Args:
        title: of the page.
        svg: the chart, with a `viewBox`.
    """
    found = _VIEW_BOX.search(svg)
    if found is None:
        raise ValueError("the chart has no viewBox")
    width, height = (float(size) for size in found.groups())
    image = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
    return page(title, {"image": image, "width": width, "height": height}, main="chart")
