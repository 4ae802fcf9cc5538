"""E01xx: the text does not follow the grammar."""

from __future__ import annotations

from treadle.errors.codes.info import CodeInfo

CODES = (
    CodeInfo(
        "E0101",
        "unexpected text",
        "The text up to here was understood; what comes next does not fit. The message lists what would "
        "have fitted. Often the mistake is a little earlier: a missing comma, operator or line end.",
        "y = dense(4) x          # wrong: two expressions side by side\ny = dense(4)(x)         # right",
    ),
    CodeInfo(
        "E0102",
        "bracket is never closed",
        "Every `(`, `[` and `{` needs its partner. The caret stands at the opening bracket that has none; "
        "the place where the partner was missed is shown below it.",
        "y = dense(4(x)          # wrong\ny = dense(4)(x)         # right",
    ),
    CodeInfo(
        "E0103",
        "closing bracket without its partner",
        "A `)`, `]` or `}` stands here, but nothing is open, or the bracket that is open is of another sort.",
        "y = relu(x])            # wrong\ny = relu(x)             # right",
    ),
    CodeInfo(
        "E0104",
        "unknown character",
        "This character has no meaning in a spec. Typographic quotes, dashes and multiplication signs "
        'pasted from a document are the usual cause: write the plain `"`, `-` and `*`.',
        "y = a × b               # wrong\ny = a * b               # right",
    ),
    CodeInfo(
        "E0105",
        "string is never closed",
        'A string begins with `"` and ends with `"` on the same line. Inside it, write `\\"` for a quote.',
        'use "blocks.tdl         # wrong\nuse "blocks.tdl"        # right',
    ),
    CodeInfo(
        "E0106",
        "expression is missing",
        "Something that has a value was expected here: a name, a number, a call, a bracketed expression.",
        "y =                     # wrong\ny = relu(x)             # right",
    ),
    CodeInfo(
        "E0107",
        "block is missing",
        "`model`, `layer`, `data`, `train`, `for`, `if`, `scan` and `phase` hold their contents between `{` "
        "and `}`. The opening brace may stand on the same line or on the next.",
        "model Net               # wrong\n"
        "  input x: [N, 4]\n"
        "model Net {             # right\n"
        "  input x: [N, 4]\n"
        "}",
    ),
    CodeInfo(
        "E0108",
        "name is missing",
        "This keyword introduces something that needs a name. A name begins with a letter or `_`, followed "
        "by letters, digits and `_`.",
        "model { ... }           # wrong\nmodel Net { ... }       # right",
    ),
    CodeInfo(
        "E0109",
        "unknown kind of block",
        "At the top level of a spec stand only: use, const, model, layer, fn, optimizer, schedule, init, "
        "data, train. Statements such as `y = ...` belong inside a block; compile-time values at the top "
        "level are written `const`.",
        "rate = 0.1              # wrong at the top level\nconst rate = 0.1        # right",
    ),
    CodeInfo(
        "E0110",
        "number is malformed",
        "Numbers are written 12, 0.5, .5, 1e-3 or 1_000. A name must not follow a number directly.",
        "lr = 1e                 # wrong\nlr = 1e-3               # right",
    ),
    CodeInfo(
        "E0111",
        "comparisons cannot be chained",
        "`a < b < c` is not accepted because its meaning differs between languages. Join two comparisons "
        "with `and`.",
        "where 0 < p < 1         # wrong\nwhere 0 < p and p < 1   # right",
    ),
    CodeInfo(
        "E0112",
        "unknown escape in a string",
        'Strings know the escapes `\\n`, `\\t`, `\\"` and `\\\\`. Write `\\\\` for one backslash.',
        'csv("data\\digits.csv")  # wrong\ncsv("data/digits.csv")  # right',
    ),
    CodeInfo(
        "E0113",
        "statement does not belong here",
        "Each block has its own statements: `input`, `target`, `output`, `loss` and `metric` stand in a "
        "model, `minimize` and `phase` in a train block, `augment` in a data block, `yield` in a scan.",
        "layer l()(x) { loss mse(x, 0) }     # wrong\nmodel M { input x: [N]; loss mse(x, 0) }   # right",
    ),
    CodeInfo(
        "E0114",
        "text is not a spec",
        "The file holds control characters, which no spec contains: it is probably a binary file or stored "
        "in an encoding other than UTF-8.",
        "treadle check weights.safetensors   # wrong\ntreadle check net.tdl               # right",
    ),
    CodeInfo(
        "E0115",
        "parameter list is missing",
        "A layer, optimizer, schedule or init has two lists: the first call builds, the second applies. "
        "Without settings the first list is empty. An `fn` has one list.",
        "layer twice(x) { ... }      # wrong\nlayer twice()(x) { ... }    # right",
    ),
    CodeInfo(
        "E0116",
        "reserved word used as a name",
        "A few words can never be names: and, else, false, fn, for, if, in, not, or, return, scan, true, "
        "yield. All others (input, batch, train, loss ...) are keywords only where they begin a statement.",
        "in = x + 1              # wrong\ninput_sum = x + 1       # right",
    ),
    CodeInfo(
        "E0117",
        "statements are not separated",
        "One statement ends at the end of its line or at `;`. A second one on the same line needs the `;`. "
        "Settings of a train block may stand side by side: `batch 64  epochs 10`.",
        "a = 1 b = 2             # wrong\na = 1; b = 2            # right",
    ),
    CodeInfo(
        "E0118",
        "type is malformed",
        "A tensor type is a bracketed list of dimensions, with an element type in front when it is not f32: "
        "`[N, 10]`, `i64[N]`, `[..., I]`. A compile-time parameter has a kind: int, float, bool, string, "
        "layer, fn, list, dim, any.",
        "input x: N, 10          # wrong\ninput x: [N, 10]        # right",
    ),
    CodeInfo(
        "E0119",
        "message of a condition is missing",
        "`where` and `require` say what is wrong when the condition does not hold: `condition else "
        '"message"`. The message is what the user of the layer reads.',
        'require H > 2 "too small"         # wrong\nrequire H > 2 else "too small"    # right',
    ),
)
