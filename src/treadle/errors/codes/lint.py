"""L0xxx: what is allowed but most likely not meant; `treadle lint` looks for it."""

from __future__ import annotations

from treadle.errors.codes.info import CodeInfo

CODES = (
    CodeInfo(
        "L0101",
        "name is never used",
        "A value was given a name, and nothing reads it: a leftover, or another name was meant where it "
        "should have been read.",
        "h = x |> dense(8);  y = x |> dense(2)     # suspicious\n"
        "h = x |> dense(8);  y = h |> dense(2)     # right",
    ),
    CodeInfo(
        "L0102",
        "input has no influence",
        "No output, loss or metric depends on this input, neither in evaluation nor in training.",
        "input x: [N, 2];  input z: [N, 2];  output relu(x)     # suspicious\n"
        "input x: [N, 2];  output relu(x)                       # right",
    ),
    CodeInfo(
        "L0103",
        "parameter of a definition is never used",
        "The header promises a choice that the body does not offer.",
        "layer l(units: int, bias = true)(x) { return x |> dense(units) }           # suspicious\n"
        "layer l(units: int, bias = true)(x) { return x |> dense(units, bias) }     # right",
    ),
    CodeInfo(
        "L0104",
        "definition is never used",
        "Nothing in this file uses this layer, function, constant or data block.",
        "const size = 8;  model M { input x: [N, 2];  output x |> dense(9) }        # suspicious\n"
        "const size = 8;  model M { input x: [N, 2];  output x |> dense(size) }     # right",
    ),
    CodeInfo(
        "L0105",
        "name hides a definition of the file",
        "From here on the name means the value, and the definition cannot be reached any more.",
        "fn scale(x) = 2 * x\nmodel M { input x: [N, 2];  scale = 3;  output scale * x }     # suspicious",
    ),
    CodeInfo(
        "L0201",
        "softmax before a loss that takes logits",
        "`cross_entropy` applies softmax itself. Applied twice it flattens the probabilities, and training "
        "becomes slow.",
        "loss cross_entropy(softmax(logits), digit)     # suspicious\n"
        "loss cross_entropy(logits, digit)              # right",
    ),
    CodeInfo(
        "L0202",
        "sigmoid before a loss that takes logits",
        "`bce_with_logits` applies the sigmoid itself; `bce` takes probabilities.",
        "loss bce_with_logits(sigmoid(z), t)     # suspicious\nloss bce_with_logits(z, t)     # right",
    ),
    CodeInfo(
        "L0203",
        "rectifier before a loss or softmax",
        "Logits below zero are cut off, and where they are, no gradient passes.",
        "logits = h |> dense(10) |> relu     # suspicious\nlogits = h |> dense(10)             # right",
    ),
    CodeInfo(
        "L0204",
        "dropout after the last layer",
        "Dropping logits makes the loss noisy without regularising anything; drop what the last layer reads.",
        "logits = h |> dense(10) |> dropout(0.5)     # suspicious\n"
        "logits = h |> dropout(0.5) |> dense(10)     # right",
    ),
    CodeInfo(
        "L0205",
        "bias before batch normalisation",
        "The normalisation subtracts the mean, and with it the bias, which is then trained for nothing.",
        "x |> conv2d(8) |> batch_norm()                   # suspicious\n"
        "x |> conv2d(8, bias = false) |> batch_norm()     # right",
    ),
    CodeInfo(
        "L0206",
        "pipe after a conditional",
        "`a if c else b |> f` applies f to whichever of a and b was chosen. Brackets make it plain.",
        "y = a if c else b |> relu       # suspicious\ny = (a if c else b) |> relu     # the same, and plain",
    ),
    CodeInfo(
        "L0301",
        "parameter is never updated",
        "It is neither frozen nor changed by any phase of this training.",
        "phase one { minimize a over D with adam() }     # suspicious, if the model has a part G as well\n"
        "freeze G                                        # right, if G is meant to stay",
    ),
    CodeInfo(
        "L0302",
        "parameter has no influence on the loss",
        "Its gradient is zero everywhere: nothing that is minimised depends on it, or only through "
        "`stop_grad` or operations without a derivative.",
        "loss mse(stop_grad(x |> dense(1)), t)     # suspicious\nloss mse(x |> dense(1), t)     # right",
    ),
    CodeInfo(
        "L0303",
        "loss depends on no parameter",
        "This loss is a constant for training: it changes the total, and no weight.",
        "loss extra = mean(x * x)          # suspicious\nloss extra = mean((x - y)^2)     # right",
    ),
    CodeInfo(
        "L0401",
        "images are not scaled",
        "Bytes from 0 to 255 are far from what initialisers are made for; networks train better on values "
        "around 0 to 1.",
        "image = cast(train.images, f32)           # suspicious\n"
        "image = cast(train.images, f32) / 255     # right",
    ),
)
