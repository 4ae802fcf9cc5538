"""The words of the language that are no names: keywords and settings, with what they mean.

Input: nothing. Output: tables for hovers and completions. A test holds them against the grammar and against
the settings that the elaborator knows.
"""

from __future__ import annotations

CONTEXTUAL_WORDS = {
    "training": "Whether the body is run for training: true in a training step, false in evaluation.",
    "step": "The number of the optimizer step, from 0, as a tensor `i64[]`.",
    "total_steps": "How many steps the training will take.",
    "weights": "All parameters of two or more axes.",
    "biases": "All parameters of at most one axis: biases, gains.",
    "parameters": "All parameters.",
}

BLOCKS = {
    "use": '`use "file.tdl" as name`: makes the blocks of another file known, from paths below this one.',
    "const": "`const name = value`: a compile-time value.",
    "model": "`model Name(settings) { ... }`: inputs, layers, outputs, losses and metrics.",
    "layer": "`layer name(config)(inputs) -> [types] { ... }`: one call builds it, the next applies it.",
    "fn": "`fn name(x) = value` or `{ ... }`: a function; it owns nothing.",
    "optimizer": "`optimizer name(config)(w, g) { ... w <- ... }`: how weights change.",
    "schedule": "`schedule name(config)(step) = value`: a number that depends on the step.",
    "init": "`init name(config)(shape) = value`: initial values of parameters.",
    "data": "`data Name(settings) { train = ...; column = ... }`: where examples come from.",
    "train": "`train Model(settings) on Data as name { ... }`: how a model is trained.",
    "generate": "`generate Model on Data as name { ... }`: what is drawn from a trained model.",
    "sweep": "`sweep training as name { width in [32, 64] ... }`: trainings with varied values.",
    "adapt": "`adapt Model(settings) as Name { ... }`: a model like another, with some layers wrapped.",
}

STATEMENTS = {
    "input": "`input name: type[dims]`: a tensor that is always given.",
    "target": "`target name: type[dims]`: a tensor that is given while training and evaluating only.",
    "param": "`param W: [dims] = init`: a trained tensor.",
    "state": "`state m: [dims] = value`: a kept tensor; `m <- value` says what it is after this step.",
    "output": "`output name = value`: a result of the model.",
    "loss": "`loss name = value weight w`: what training makes small; several are added.",
    "metric": "`metric name = value`: a number that is watched.",
    "return": "`return a, b`: the result of a body.",
    "yield": "`yield value`: the value of this step of a `scan`; all of them are stacked.",
    "for": "`for i in range(n) { ... }`: repetition at compile time.",
    "if": "`if condition { ... } else { ... }`, or `a if condition else b`: a choice at compile time.",
    "else": "The other case of `if`, or the message of a condition.",
    "require": '`require condition else "message"`: stops the compilation unless the condition holds.',
    "minimize": "`minimize value over selection with optimizer`: an objective of a phase.",
    "phase": "`phase name repeat n { ... }`: a part of the training step with its own objective.",
    "augment": "`augment(train) { column = ... }`: changes examples each time they are drawn.",
    "load": '`load "file.safetensors" into layer rename ["a.*", "b.*"] partial`: weights to begin with.',
    "wrap": '`wrap layer at "pattern" with wrapper`: each such layer becomes `wrapper(layer)`.',
}

PARTS = {
    "scan": "`scan t in x along T with h = start { ... yield h }`: the one loop at run time.",
    "along": "The axis that a `scan` steps through.",
    "with": "What a `scan` carries; the optimizer of `minimize`; the wrapper of `wrap`.",
    "reverse": "A `scan` that begins at the last step.",
    "truncate": "Gradients of a `scan` end after so many steps.",
    "in": "What a loop, a `scan` or a sweep goes over.",
    "by": "The metric by which checkpoints are compared: `keep best 3 by test.loss`.",
    "as": "The name of a block or a file.",
    "on": "The data that a model is trained on.",
    "over": "The parameters that a setting is about: `weights`, `biases`, a layer, a pattern of names.",
    "where": "Conditions on sizes and settings, each with a message.",
    "weight": "What a loss counts in the sum of losses.",
    "repeat": "How often a phase is run in each step.",
    "into": "The layers that `load` gives weights to.",
    "rename": "Pairs of patterns: names in the file, names here.",
    "transpose": 'Names in the file whose axes lie in another order: `transpose "fc*.W"`.',
    "partial": "`load` takes what fits and reports the rest; with patterns, these names alone may differ.",
    "at": "Patterns of layer paths.",
    "when": "`stop when no_improvement(test.loss, patience = 3)`.",
    "and": "Both; the second is looked at only if the first holds.",
    "or": "One of the two; the second is looked at only if the first does not hold.",
    "not": "The opposite of a boolean.",
    "true": "The boolean.",
    "false": "The boolean.",
}

TRAIN_SETTINGS = {
    "optimizer": "`optimizer adam(1e-3) over weights`: how weights change; without `over`, all others.",
    "batch": "`batch 64`: examples in a step; 32 if it is not given.",
    "epochs": "`epochs 10`: how often all examples are seen.",
    "steps": "`steps 1000`: how many optimizer steps are taken.",
    "seed": "`seed 0`: the number that all random draws begin from.",
    "decay": "`decay l2(5e-4) over weights`: a penalty on weights.",
    "rate": "`rate 0.1 over encoder`: a factor of the learning rate.",
    "freeze": '`freeze encoder` or `freeze "encoder.*"`: these parameters are not trained.',
    "constrain": "`constrain max_norm(3) over weights`: applied to weights after each update.",
    "clip": "`clip global_norm(1.0)`: a limit of the gradient.",
    "ema": "`ema 0.999`: averages of the weights are what is evaluated and kept.",
    "stop when": "`stop when no_improvement(test.loss, patience = 3)`: an early end.",
    "keep best": "`keep best test.accuracy` or `keep best 3 by test.loss`: which weights remain at the end.",
    "keep last": "`keep last 3`: how many of the latest checkpoints remain.",
    "keep every": "`keep every 10 epochs` or `steps`: which other checkpoints remain.",
    "save every": "`save every 500 steps` or `epochs`: when the training saves itself.",
    "precision": "`precision bf16`: the element type of products and activations: f32, bf16 or f16.",
    "shuffle": "`shuffle false`: whether the examples are mixed before each epoch.",
}

GENERATE_SETTINGS = {
    "next": "`next logits`: scores of the symbol that follows, `[N, T, symbols]` or `[N, symbols]`.",
    "greedy": "`greedy`: the likeliest symbol is taken.",
    "filter": "`filter f`: a function from scores to scores.",
    "symbols": "`symbols x`: the input that holds the sequence.",
    "temperature": "`temperature 0.8`: scores are divided by it.",
    "top_k": "`top_k 40`: only so many of the likeliest symbols.",
    "top_p": "`top_p 0.95`: only the likeliest symbols that have this probability together.",
    "images": "`images x`: pictures of a result.",
    "arrays": "`arrays x`: a result as numbers.",
    "prompt": '`prompt "ROMEO:"`: what the sequence begins with.',
    "length": "`length 400`: how many symbols are made at most.",
    "until": '`until "\\n\\n"`: what ends a sequence.',
    "context": "`context 64`: how many of the latest symbols the model sees.",
    "beam": "`beam 4`: searches for the likeliest sequence.",
    "penalty": "`penalty 0.7`: the power of the length by which beams are judged.",
    "count": "`count 3`: how many results.",
    "seed": "`seed 0`: the number that all random draws begin from.",
}

SWEEP_SETTINGS = {
    "trials": "`trials 20`: how many points are drawn.",
    "seed": "`seed 0`: the number that the draws begin from.",
    "best": "`best test.accuracy`: what makes a trial good.",
}

ADAPT_SETTINGS = {"freeze": "`freeze`: the weights of the base are not trained."}

SETTINGS = {
    "train": TRAIN_SETTINGS,
    "phase": TRAIN_SETTINGS,
    "generate": GENERATE_SETTINGS,
    "sweep": SWEEP_SETTINGS,
    "adapt": ADAPT_SETTINGS,
    "data": {"shuffle": "`shuffle false`: whether the examples are mixed before each epoch."},
}

KINDS = {
    "int": "a whole number, or the size of an axis",
    "float": "a number, or a schedule",
    "bool": "true or false",
    "string": "a text",
    "layer": "a layer or function",
    "fn": "a function",
    "list": "a list",
    "dim": "the size of an axis",
    "any": "anything",
}

DTYPES = {
    "f64": "float, 64 bits",
    "f32": "float, 32 bits; what is meant where no element type is given",
    "f16": "float, 16 bits, computed in float32",
    "bf16": "bfloat16: 8 bits of exponent, computed in float32",
    "i64": "integer, 64 bits",
    "i32": "integer, 32 bits",
    "u8": "integer, 8 bits, not negative",
    "bool": "true or false",
}


def word_help(word: str, block: str | None) -> str | None:
    """What a word means in a block of this kind."""
    own = SETTINGS.get(block or "", {})
    found = [text for key, text in own.items() if word in key.split()]
    tables = (STATEMENTS, BLOCKS, PARTS) if block is not None else (BLOCKS, STATEMENTS, PARTS)
    found += [table[word] for table in tables if word in table][: 0 if found else 1]
    return "\n\n".join(found) or None
