"""E04xx: compile-time values and conditions."""

from __future__ import annotations

from treadle.errors.codes.info import CodeInfo

CODES = (
    CodeInfo(
        "E0401",
        "condition of a definition does not hold",
        "The header of the layer or function demands something of its arguments (`where`), and this call "
        "violates it. The message is the author's; the values involved are shown.",
        'layer patches(P)(x: [N, C, H, W]) where H % P == 0 else "H must be a multiple of P"\n'
        "patches(5) applied to H = 28    # wrong\n"
        "patches(7)                      # right",
    ),
    CodeInfo(
        "E0402",
        "requirement is not met",
        "A `require` statement found its condition false.",
        'require heads > 0 else "at least one head is needed"',
    ),
    CodeInfo(
        "E0403",
        "value is not known at compile time",
        "Layer sizes, loop bounds and conditions are fixed when the network is built; a tensor's contents "
        "are not.",
        "dense(sum(x))                # wrong\ndense(64)                    # right",
    ),
    CodeInfo(
        "E0404",
        "condition is not a boolean",
        "`if`, `where`, `require`, `and`, `or` and `not` take true or false.",
        "if depth { ... }             # wrong\nif depth > 0 { ... }         # right",
    ),
    CodeInfo(
        "E0405",
        "value cannot be iterated over",
        "`for` goes over a list or a range.",
        "for i in 4 { ... }           # wrong\nfor i in range(4) { ... }    # right",
    ),
    CodeInfo(
        "E0406",
        "division by zero",
        "A compile-time division, remainder or power has no value.",
        "width // (heads - heads)     # wrong",
    ),
    CodeInfo(
        "E0407",
        "operation does not fit these values",
        "The two sides of the operator are of kinds that do not go together.",
        '"conv" + 1                   # wrong\n"conv" + str(1)              # right',
    ),
    CodeInfo(
        "E0408",
        "list index is out of range",
        "The list has fewer elements. The first has index 0, the last -1.",
        "[16, 32][2]                  # wrong\n[16, 32][1]                  # right",
    ),
    CodeInfo(
        "E0409",
        "result is missing",
        "The body of the layer or function ends without `return` for these arguments.",
        "layer l()(x) { y = relu(x) }                # wrong\n"
        "layer l()(x) { y = relu(x); return y }      # right",
    ),
    CodeInfo(
        "E0410",
        "tensor used as a condition",
        "`if` decides when the network is built. To choose per element while it runs, use `where(condition, "
        "a, b)`.",
        "y = x if x > 0 else 0        # wrong\ny = where(x > 0, x, 0)       # right",
    ),
    CodeInfo(
        "E0411",
        "value is out of range",
        "The number lies outside what this argument allows.",
        "dropout(1.5)                 # wrong\ndropout(0.5)                 # right",
    ),
    CodeInfo(
        "E0412",
        "statement can never be reached",
        "It stands after a `return` of the same block.",
        "return y; z = relu(y)        # wrong",
    ),
    CodeInfo(
        "E0413",
        "dimension is no possible size",
        "Every axis of a tensor has a whole number of elements; those of parameters have at least one.",
        "param W: [I, 10 / 4] = zeros    # wrong\nparam W: [I, 10 // 4] = zeros   # right",
    ),
)
