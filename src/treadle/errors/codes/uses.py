"""E12xx: blocks that use a model: adapt, generate, sweep; and weights loaded into one."""

from __future__ import annotations

from treadle.errors.codes.info import CodeInfo

CODES = (
    CodeInfo(
        "E1201",
        "nothing to wrap",
        "A `wrap` names a layer, and places as patterns of layer paths; the model has no such layer there. "
        "`treadle summary` shows the paths.",
        'wrap dense at "*.atention.*" with lora      # wrong\n'
        'wrap dense at "*.attention.*" with lora     # right',
    ),
    CodeInfo(
        "E1202",
        "model cannot be adapted like this",
        "An `adapt` block names another model, and wraps layers at places that are patterns of paths.",
        "wrap relu with lora          # wrong: a function owns nothing\nwrap dense with lora         # right",
    ),
    CodeInfo(
        "E1203",
        "generate block does not say what to generate",
        "A block for sequences says what predicts the next symbol, `next logits`, and how many; one "
        "for anything else names results, `images sample` or `arrays sample`.",
        "generate Net { count 4 }                     # wrong\n"
        "generate Net { images sample; count 4 }      # right",
    ),
    CodeInfo(
        "E1204",
        "value does not suit generation",
        "A setting has a value of the wrong kind or shape, or the model lacks what it needs.",
        "next logits[:, 0, 0]         # wrong: one score for each symbol is needed\n"
        "next logits                  # right: [N, T, symbols]",
    ),
    CodeInfo(
        "E1205",
        "text has symbols that the model does not know",
        "A prompt is written in the symbols of the data: its characters or words.",
        'treadle generate char_lstm --prompt "naïve"     # wrong when no ï was in the text',
    ),
    CodeInfo(
        "E1206",
        "sweep varies nothing that exists",
        "A sweep varies constants of the file, parameters of the model, settings of the train block, and "
        "arguments of settings and layers: `size`, `depth`, `batch`, `optimizer.lr`, `dropout.rate`.",
        "sweep Net { optimiser.lr in [0.1, 0.01] }    # wrong\n"
        "sweep Net { optimizer.lr in [0.1, 0.01] }    # right",
    ),
    CodeInfo(
        "E1207",
        "values of a sweep are not understood",
        "After `in` stands a list, or a range to draw from: `uniform(a, b)`, `log_uniform(a, b)`, "
        "`integers(a, b)`. What is drawn needs `trials n`.",
        "batch in 64                  # wrong\nbatch in [32, 64]            # right",
    ),
    CodeInfo(
        "E1208",
        "rule for loading is not understood",
        '`rename` takes pairs of patterns: `rename ["bert.*", "encoder.*"]`. What `*` stands for in the '
        "first is put in its place in the second. `transpose` takes patterns, or pairs of a pattern and the "
        "order of the axes in the file; `partial` takes patterns.",
        'load "w.safetensors" rename "a"              # wrong\n'
        'load "w.safetensors" rename ["a.*", "b.*"]   # right',
    ),
)
