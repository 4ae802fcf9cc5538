"""Inlining: one spec that needs no other file and no library, with every default filled in.

Stage: a linked program -> a syntax tree with the same meaning. Input: a `Module`. Output: text. Shown by
`treadle render`. Non-goals: unrolling loops, computing constants; comments.
"""

from treadle.frontend.inline.inline import inlined_text

__all__ = ["inlined_text"]
