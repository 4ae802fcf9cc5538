"""E09xx: limits, which keep checking any text within bounded time and memory."""

from __future__ import annotations

from treadle.errors.codes.info import CodeInfo

CODES = (
    CodeInfo(
        "E0901",
        "file is too large",
        "A spec has at most 200,000 characters and 50,000 words, signs and line ends. Large tables belong in "
        "data files.",
        'paste a data set into a spec      # wrong\ntrain = csv("table.csv")          # right',
    ),
    CodeInfo(
        "E0902",
        "brackets are nested too deeply",
        "At most 100 brackets may be open at once. Give parts of the expression names.",
        "((((((((...                       # wrong",
    ),
    CodeInfo(
        "E0903",
        "expression is too long",
        "An expression, together with the blocks around it, is at most 200 operations deep. Build long sums "
        "and chains with a loop, or give parts of them names.",
        "x + x + x + ...                   # wrong, 300 times\nx * 300                           # right",
    ),
    CodeInfo(
        "E0904",
        "number is too large",
        "Integers lie between -2^63 and 2^63 - 1, floats within the range of 64-bit floats.",
        "99999999999999999999              # wrong\n1e20                              # right",
    ),
    CodeInfo(
        "E0905",
        "expansion does not end",
        "Unrolling loops, recursion and lists at compile time took more steps than allowed. A loop over "
        "time belongs in a `scan`, which is not unrolled.",
        "for t in range(1000000) { ... }       # wrong\nscan t in range(1000000) with ...     # right",
    ),
    CodeInfo(
        "E0906",
        "network has too many operations",
        "The expanded graph exceeds the limit on operations.",
        "for i in range(100000) { x = dense(8)(x) }    # wrong",
    ),
    CodeInfo(
        "E0907",
        "dimension is too large",
        "One axis, or the whole tensor, has more elements than can be addressed.",
        "dense(10^15)                      # wrong",
    ),
    CodeInfo(
        "E0908",
        "network needs too much memory",
        "The estimate exceeds the limit. A smaller batch needs less; `treadle summary` shows what needs "
        "most.",
        "batch 100000                      # wrong\nbatch 100                         # right",
    ),
    CodeInfo(
        "E0909",
        "calls are nested too deeply",
        "Layers or functions call each other, or themselves, more than the allowed number of levels. A "
        "recursive layer needs a condition that ends it.",
        "fn f(n) = f(n - 1)                # wrong\nfn f(n) = 1 if n == 0 else f(n - 1)",
    ),
    CodeInfo(
        "E0910",
        "list is too long",
        "A compile-time list has at most 100,000 elements, those of lists in it included. Lists are nested "
        "at most 100 levels deep.",
        "list(range(10^12))                # wrong",
    ),
    CodeInfo(
        "E0911",
        "string is too long",
        "A string in a spec has at most 10,000 characters.",
        "paste a document into a string    # wrong",
    ),
    CodeInfo(
        "E0912",
        "tensor has too many axes",
        "A tensor has at most 32 axes. Join some of them with `reshape`.",
        "for i in range(100) { x = expand_dims(x, 0) }    # wrong",
    ),
)
