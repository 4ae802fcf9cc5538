"""Pictures as one HTML file that needs nothing else: pan, zoom, search, open and close, ask about a box.

Input: a scene, or a finished chart. Output: the text of the page. Non-goals: writing files.
"""

from treadle.viz.html.chart import html_chart
from treadle.viz.html.document import html_page

__all__ = ["html_chart", "html_page"]
