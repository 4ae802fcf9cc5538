"""E03xx: names, arguments, calls and used files."""

from __future__ import annotations

from treadle.errors.codes.info import CodeInfo

CODES = (
    CodeInfo(
        "E0301",
        "name is not defined",
        "Nothing with this name is visible here. Names are defined by `=`, `input`, `param`, the header of "
        "the block, another block of the file, a `use`, or the library. A name must be defined above its "
        "use.",
        "y = rleu(x)                # wrong\ny = relu(x)                # right",
    ),
    CodeInfo(
        "E0302",
        "name is defined twice",
        "Two blocks of one file, or two declarations of one block, share a name. Rename one of them.",
        "input x: [N]; input x: [N]       # wrong\ninput x: [N]; input y: [N]       # right",
    ),
    CodeInfo(
        "E0303",
        "unknown argument",
        "The layer or function has no parameter of this name. Its header is shown below.",
        "dense(64, use_bias = false)      # wrong\ndense(64, bias = false)          # right",
    ),
    CodeInfo(
        "E0304",
        "argument is missing",
        "A parameter without a default must be given a value in the call.",
        "conv2d(kernel = 3)(x)            # wrong: how many channels?\n"
        "conv2d(16, kernel = 3)(x)        # right",
    ),
    CodeInfo(
        "E0305",
        "too many arguments",
        "The call has more unnamed arguments than the definition has parameters.",
        "relu(x, 0)                       # wrong\nrelu(x)                          # right",
    ),
    CodeInfo(
        "E0306",
        "argument is given twice",
        "A parameter got a value both by position and by name, or by name twice.",
        "dense(64, units = 32)            # wrong\ndense(64)                        # right",
    ),
    CodeInfo(
        "E0307",
        "value cannot be called",
        "Only layers and functions can be called; this is a tensor or a plain value.",
        "x(2)                             # wrong\nx * 2                            # right",
    ),
    CodeInfo(
        "E0308",
        "layer is built but not applied",
        "The first call of a layer builds it, the second applies it to a tensor. A layer was used where a "
        "tensor is needed.",
        "y = dense(64) + 1                # wrong\ny = dense(64)(x) + 1             # right",
    ),
    CodeInfo(
        "E0309",
        "no such attribute",
        "The value before the dot has no part of this name.",
        "train.imges                      # wrong\ntrain.images                     # right",
    ),
    CodeInfo(
        "E0310",
        "wrong number of values",
        "The left side has more or fewer names than the right side has values.",
        "i, f, g = split(x, 4)            # wrong\ni, f, g, o = split(x, 4)         # right",
    ),
    CodeInfo(
        "E0311",
        "used file was not found",
        "`use` takes a path relative to the file that contains it.",
        'use "block.tdl"                  # wrong when the file is blocks.tdl\n'
        'use "blocks.tdl"                 # right',
    ),
    CodeInfo(
        "E0312",
        "files use each other in a circle",
        "A file was reached again from itself through `use`. Move what both need into a third file.",
        'a.tdl: use "b.tdl"    b.tdl: use "a.tdl"    # wrong',
    ),
    CodeInfo(
        "E0313",
        "name comes from two files",
        'Two used files define the same name. Give one of them an alias: `use "other.tdl" as other`.',
        'use "a.tdl"; use "b.tdl"           # wrong when both define block\n'
        'use "a.tdl"; use "b.tdl" as b      # right: block, b.block',
    ),
    CodeInfo(
        "E0314",
        "argument is of the wrong kind",
        "The header asks for another kind of value: a number where a layer was given, a tensor where a "
        "number is needed.",
        'dense("64")                      # wrong\ndense(64)                        # right',
    ),
    CodeInfo(
        "E0315",
        "unnamed argument after a named one",
        "Unnamed arguments are matched by their place and come first.",
        "conv2d(kernel = 3, 16)           # wrong\nconv2d(16, kernel = 3)           # right",
    ),
    CodeInfo(
        "E0316",
        "parameter without default after one with default",
        "Parameters that must be given come first in a header.",
        "layer l(bias = true, units)(x)   # wrong\nlayer l(units, bias = true)(x)   # right",
    ),
    CodeInfo(
        "E0317",
        "used path is outside the project",
        "A spec reads only files below its own folder and the data folder named on the command line.",
        'use "/etc/other.tdl"             # wrong\nuse "other.tdl"                  # right',
    ),
)
