"""E05xx: parameters, state, scans and gradients."""

from __future__ import annotations

from treadle.errors.codes.info import CodeInfo

CODES = (
    CodeInfo(
        "E0501",
        "parameter is declared in the wrong place",
        "A `param` or `state` belongs to a layer or a model, because it lives as long as that layer does. "
        "Functions and scan bodies own nothing.",
        "fn f(x) { param b: [4] = zeros; return x + b }         # wrong\n"
        "layer f()(x) { param b: [4] = zeros; return x + b }    # right",
    ),
    CodeInfo(
        "E0502",
        "only state can be updated",
        "`<-` says what a `state` (or the weight in an optimizer) will be after this step. Other names are "
        "bound once, by `=`.",
        "h <- h + 1                   # wrong unless h is a state\nh = h + 1                    # right",
    ),
    CodeInfo(
        "E0503",
        "initialiser does not fit",
        "The value after `=` of a `param` is a number, a tensor of the declared shape, or an initialiser "
        "such as glorot_uniform, which is called with the shape.",
        'param W: [I, 4] = "random"          # wrong\nparam W: [I, 4] = glorot_uniform    # right',
    ),
    CodeInfo(
        "E0504",
        "state is updated twice",
        "A state has one next value per step. Compute it in a name of its own and update once.",
        "t <- t + 1; t <- t * 2       # wrong\nt <- (t + 1) * 2             # right",
    ),
    CodeInfo(
        "E0505",
        "gradient does not depend on this value",
        "The first argument of `grad` was not computed from the second, so the derivative is zero "
        "everywhere. A `stop_grad` or an integer conversion in between has the same effect.",
        "grad(sum(stop_grad(x)), x)   # wrong\ngrad(sum(x * x), x)          # right",
    ),
    CodeInfo(
        "E0506",
        "gradient of something that is not a single number",
        "`grad` differentiates one number. Sum or average first, or use `jacobian`.",
        "grad(x * x, x)               # wrong for x: [N]\ngrad(sum(x * x), x)          # right",
    ),
    CodeInfo(
        "E0507",
        "operation has no derivative",
        "Integer and boolean results have no derivative, so no gradient can pass.",
        "loss mean(argmax(logits))            # wrong\nloss cross_entropy(logits, digit)    # right",
    ),
    CodeInfo(
        "E0509",
        "shared layer is applied to different sizes",
        "A layer bound to a name has one set of weights; its input size was fixed by the first application.",
        "d = dense(8); a = d(x); b = d(y)       # wrong for x: [N, 4], y: [N, 5]\n"
        "a = dense(8)(x); b = dense(8)(y)       # right",
    ),
    CodeInfo(
        "E0510",
        "parameter is not a float tensor",
        "Parameters are trained by small changes, which only floats allow. Integer tensors that change are "
        "`state`.",
        "param n: i64[4] = zeros      # wrong\nstate n: i64[4] = zeros      # right",
    ),
    CodeInfo(
        "E0511",
        "yield stands outside a scan",
        "`yield` gives the value of one step of a `scan`; layers and functions use `return`.",
        "layer l()(x) { yield x }     # wrong\nlayer l()(x) { return x }    # right",
    ),
    CodeInfo(
        "E0512",
        "sequence cannot be scanned",
        "`scan t in x along T` needs tensors with an axis named T; all of them step together.",
        "scan t in x along T          # wrong for x: [N, 28]\n"
        "scan t in x along T          # right for x: [N, T, I]",
    ),
    CodeInfo(
        "E0513",
        "scan without a carried value or result",
        "A scan carries at least one value (`with h = ...`) or yields something; otherwise it computes "
        "nothing.",
        "scan t in x along T { a = x[t] }           # wrong\n"
        "scan t in x along T { yield relu(x[t]) }   # right",
    ),
)
