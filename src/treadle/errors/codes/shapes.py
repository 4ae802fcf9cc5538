"""E02xx: shapes and element types of tensors."""

from __future__ import annotations

from treadle.errors.codes.info import CodeInfo

CODES = (
    CodeInfo(
        "E0201",
        "dimensions do not agree",
        "An elementwise operation pairs the axes from the right; two axes fit when they are equal or one of "
        "them is 1. Two differently named dimensions never fit, even when they happen to have the same size "
        "in one run.",
        "x: [N, 10], y: [N, 12];  x + y       # wrong\nx + dense(10)(y)                     # right",
    ),
    CodeInfo(
        "E0202",
        "wrong number of axes",
        "The operation needs a tensor with another number of axes. `reshape`, `flatten`, an index with a "
        "range, or a `...` in the declared type brings the axes into the needed form.",
        "x: [N, 28, 28];  x |> conv2d(6)      # wrong: no channel axis\n"
        "reshape(x, [N, 1, 28, 28]) |> conv2d(6)",
    ),
    CodeInfo(
        "E0203",
        "matmul inner dimensions differ",
        "`a @ b` multiplies the last axis of `a` with the last but one of `b`; the two must be equal. The "
        "carets show where each operand was defined.",
        "x: [N, 784], W: [10, 784];  x @ W    # wrong\nx @ transpose(W)                     # right",
    ),
    CodeInfo(
        "E0204",
        "element types differ",
        "Operands of one operation have the same element type; nothing is converted silently. Use `cast`.",
        "image: u8[N, 64];  image / 255           # wrong\ncast(image, f32) / 255                   # right",
    ),
    CodeInfo(
        "E0205",
        "no such axis",
        "An axis is counted from 0, or from -1 backwards, and must exist in the tensor.",
        "x: [N, 4];  sum(x, axis = 2)         # wrong\nsum(x, axis = 1)                     # right",
    ),
    CodeInfo(
        "E0206",
        "reshape changes the number of elements",
        "The product of the new dimensions must equal the product of the old ones, for every value of the "
        "named dimensions. One new dimension may be -1: it is solved for.",
        "x: [N, 28, 28];  reshape(x, [N, 28])  # wrong\nreshape(x, [N, 784])                  # right",
    ),
    CodeInfo(
        "E0207",
        "parts to be joined do not fit",
        "`concat` and `stack` need parts that agree in every axis except the joined one.",
        "concat([a, b], axis = 1)   # wrong when a: [N, 3], b: [M, 3]\nconcat([a, b], axis = 0)   # right",
    ),
    CodeInfo(
        "E0208",
        "axis cannot be divided evenly",
        "`split` into n parts and grouped operations need an axis whose size is a multiple of n.",
        "x: [N, 10];  split(x, 4)   # wrong\nsplit(x, 5)                # right",
    ),
    CodeInfo(
        "E0209",
        "window does not fit",
        "The kernel of a convolution or pooling is larger than the padded input, so the output would be "
        "empty. Earlier strides and poolings have often shrunk the image more than expected: see `treadle "
        "summary`.",
        "image: [N, 1, 4, 4];  image |> conv2d(6, kernel = 5)             # wrong\n"
        "image |> conv2d(6, kernel = 5, padding = 2)",
    ),
    CodeInfo(
        "E0210",
        "numbers of channels differ",
        "A convolution's weight has a fixed number of input channels; the tensor it is applied to has "
        "another.",
        "c = conv2d(8); a = c(rgb); b = c(gray)     # wrong: 3 channels, then 1\n"
        "a = conv2d(8)(rgb); b = conv2d(8)(gray)    # right",
    ),
    CodeInfo(
        "E0211",
        "index is out of range",
        "A constant index or slice reaches past the end of its axis.",
        "x: [N, 4];  x[:, 4]        # wrong: the last is 3\nx[:, 3]                    # right",
    ),
    CodeInfo(
        "E0212",
        "einsum pattern does not fit",
        "The pattern names each axis of each operand with one letter, then `->`, then the axes of the "
        "result. Its operand count and letters must match the tensors given; equal letters need equal "
        "dimensions.",
        'einsum("ij,jk->ik", a)         # wrong: two operands named, one given\n'
        'einsum("ij,jk->ik", a, b)      # right',
    ),
    CodeInfo(
        "E0214",
        "operation does not take this element type",
        "Logarithms, matrix products and the like work on floats, indexing on integers, logic on booleans.",
        "digit: i64[N];  log(digit)     # wrong\nlog(cast(digit, f32))          # right",
    ),
    CodeInfo(
        "E0215",
        "dimension equation has no solution",
        "A type in a header was matched against the argument, and no integer value of its names makes them "
        "equal.",
        "layer half()(x: [N, 2*K]) ...  applied to [N, 7]    # wrong: 7 is odd",
    ),
    CodeInfo(
        "E0216",
        "dimension could not be determined",
        "A named dimension is used before anything fixes its value. Name it in the type of an input or a "
        "parameter.",
        "layer l()(x) { param W: [I, 4] = zeros ... }              # wrong: what is I?\n"
        "layer l()(x: [..., I]) { param W: [I, 4] = zeros ... }    # right",
    ),
    CodeInfo(
        "E0217",
        "argument has not the declared type",
        "The header of the layer or function says which shape it takes; the tensor given has another.",
        "layer l()(x: [N, T, I]) ...;  image: [N, 64];  l()(image)    # wrong: two axes, three declared",
    ),
    CodeInfo(
        "E0218",
        "result has not the declared type",
        "The header promises a shape after `->`; the value returned has another. One of the two is wrong.",
        "layer l()(x: [N, I]) -> [N, 1] { return sum(x, axis = 1) }         # wrong: [N]\n"
        "... { return sum(x, axis = 1, keep = true) }                       # right",
    ),
    CodeInfo(
        "E0219",
        "carried value changes its type",
        "What a scan carries from step to step keeps its shape and element type: the first value after "
        "`with` and the one at the end of the body must agree.",
        "with h = zeros[N, 4] { h = concat([h, x[t]], axis = 1) ... }    # wrong: h grows\n"
        "with h = zeros[N, 4] { h = tanh(x[t] @ W + h) ... }             # right",
    ),
    CodeInfo(
        "E0220",
        "attribute of an operation is invalid",
        "A stride, kernel, number of groups or the like has a value that the operation cannot use.",
        "max_pool2d(0)              # wrong\nmax_pool2d(2)              # right",
    ),
)
