"""E06xx: train blocks: settings, optimizers, phases."""

from __future__ import annotations

from treadle.errors.codes.info import CodeInfo

CODES = (
    CodeInfo(
        "E0601",
        "unknown setting",
        "A train or data block does not know this word.",
        "epoch 10                     # wrong\nepochs 10                    # right",
    ),
    CodeInfo(
        "E0602",
        "setting is missing",
        "Training needs at least an optimizer and how long to go on: `epochs` or `steps`.",
        "train Net on Digits { batch 64 }                                    # wrong\n"
        "train Net on Digits { optimizer sgd(0.1); batch 64; epochs 3 }     # right",
    ),
    CodeInfo(
        "E0603",
        "setting is given twice",
        "Each setting has one value.",
        "batch 64  batch 128          # wrong\nbatch 128                    # right",
    ),
    CodeInfo(
        "E0604",
        "value does not suit the setting",
        "The value is of the wrong kind or out of range.",
        "batch 0                      # wrong\nbatch 64                     # right",
    ),
    CodeInfo(
        "E0605",
        "nothing to minimise",
        "The model declares no `loss`, and the train block has no `minimize`.",
        "model M { ... output y }                         # wrong\n"
        "model M { ... output y; loss mse(y, target) }    # right",
    ),
    CodeInfo(
        "E0606",
        "selection is empty",
        "After `over` stand names of models, layers or parameters, or `weights` and `biases`. Nothing "
        "matches.",
        "decay l2(1e-4) over wieghts  # wrong\ndecay l2(1e-4) over weights  # right",
    ),
    CodeInfo(
        "E0607",
        "phase without an objective",
        "Each phase minimises something over some parameters.",
        "phase critic { d = D(image) }                            # wrong\n"
        "phase critic { minimize -mean(D(image)) over D }         # right",
    ),
    CodeInfo(
        "E0608",
        "unknown model",
        "`train NAME on DATA` trains a model of this file or of a used one.",
        "train Lenet on Digits { ... }    # wrong when the model is LeNet\n"
        "train LeNet on Digits { ... }    # right",
    ),
    CodeInfo(
        "E0609",
        "unknown data",
        "The name after `on` is that of a `data` block.",
        "train Net on digits { ... }      # wrong when the block is Digits",
    ),
    CodeInfo(
        "E0610",
        "data does not provide an input",
        "Each input and target of the model needs a column of that name in the data block.",
        "model: input image ...; data: pixels = train.images    # wrong\n"
        "data: image = train.images                             # right",
    ),
    CodeInfo(
        "E0611",
        "loss is not a single number",
        "A loss is one number per batch: average over the examples.",
        "loss (y - t)^2               # wrong\nloss mean((y - t)^2)         # right",
    ),
    CodeInfo(
        "E0612",
        "training diverged",
        "The loss or a weight became infinite or not a number. The message names the node that was first, "
        "its line, step and examples; `failure` in the run folder has the batch and the weights before it.",
        "optimizer sgd(10.0)          # wrong\noptimizer sgd(0.1)           # right",
    ),
    CodeInfo(
        "E0613",
        "unknown metric",
        "`stop when` and `keep best` name a loss or metric of the model, with the split in front.",
        "keep best test.acuracy       # wrong\nkeep best test.accuracy      # right",
    ),
    CodeInfo(
        "E0614",
        "optimizer does not update the weight",
        "The body of an `optimizer` says what the weight will be: `w <- ...`.",
        "optimizer plain(lr)(w, g) { w = w - lr * g }     # wrong\n"
        "optimizer plain(lr)(w, g) { w <- w - lr * g }    # right",
    ),
    CodeInfo(
        "E0615",
        "parameter is in two groups",
        "Two settings with `over` both govern this parameter.",
        "rate 0.1 over encoder;  rate 0.2 over weights    # wrong when they overlap",
    ),
)
