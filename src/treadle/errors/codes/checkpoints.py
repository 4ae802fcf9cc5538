"""E08xx: checkpoints, weights and run folders."""

from __future__ import annotations

from treadle.errors.codes.info import CodeInfo

CODES = (
    CodeInfo(
        "E0801",
        "checkpoint was not found",
        "The path names a run folder or a .safetensors file.",
        "treadle eval net.tdl --weights runs/missing    # wrong",
    ),
    CodeInfo(
        "E0802",
        "checkpoint is damaged",
        "The file is cut short or is not in the safetensors format. An earlier checkpoint of the run may be "
        "intact.",
        "treadle eval net.tdl --weights notes.txt       # wrong",
    ),
    CodeInfo(
        "E0803",
        "checkpoint lacks a parameter",
        "The spec has a parameter that the file does not hold: the network was changed after the run.",
        "a layer was added or renamed since training",
    ),
    CodeInfo(
        "E0804",
        "parameter has another shape",
        "The parameter of the spec and the one in the file differ in shape; both are shown.",
        "dense(64) when the checkpoint was trained with dense(32)",
    ),
    CodeInfo(
        "E0805",
        "checkpoint has a parameter too many",
        "The file holds a parameter that the spec does not have.",
        "a layer was removed or renamed since training",
    ),
    CodeInfo(
        "E0806",
        "parameter has another element type",
        "Weights are loaded as they are; cast them first.",
        "f64 weights for an f32 model",
    ),
    CodeInfo(
        "E0807",
        "run folder already exists",
        "Nothing existing is overwritten. Choose another name, or continue the run with `--resume`.",
        "treadle train net.tdl --run runs/first    # wrong the second time",
    ),
    CodeInfo(
        "E0808",
        "file cannot be written",
        "The folder does not exist, is not writable, or the disk is full. What was there before is "
        "untouched.",
        "treadle train net.tdl --run /no/such/folder/run",
    ),
    CodeInfo(
        "E0809",
        "run cannot be continued",
        "The run was made from another spec or with other settings, so that continuing would mix two "
        "trainings. Without a spec, `--resume` goes on with the one that the run was made by.",
        "treadle train other.tdl --resume runs/first    # wrong\n"
        "treadle train --resume runs/first              # right",
    ),
    CodeInfo(
        "E0810",
        "run is in use",
        "Another process is training in the run folder; two would spoil each other's files.",
        "treadle train --resume runs/first    # wrong while the run is going on",
    ),
    CodeInfo(
        "E0813",
        "weights are in another format",
        "Weights are read from safetensors files, which hold numbers and nothing else. Pickles (.pt, .pth, "
        ".pkl) run code of whoever wrote them when they are read, so that they are never opened; the hint "
        "says how to convert.",
        "treadle eval net.tdl --weights model.pt             # wrong\n"
        "treadle eval net.tdl --weights model.safetensors    # right",
    ),
)
