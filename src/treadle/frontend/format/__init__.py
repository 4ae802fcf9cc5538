"""The formatter: one layout for all specs, which keeps what authors arrange by hand.

Stage: text -> text, without elaboration. Line ends, columns that line up and comments stay where the author
put them; indentation, spaces between words, empty lines and lines that are too long become uniform.
Formatting what was formatted changes nothing. Non-goals: joining lines, reordering, other words.
"""

from treadle.frontend.format.layout import MAX_LINE, format_source

__all__ = ["MAX_LINE", "format_source"]
