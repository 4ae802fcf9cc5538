"""E10xx: the command line and the environment."""

from __future__ import annotations

from treadle.errors.codes.info import CodeInfo

CODES = (
    CodeInfo(
        "E1001",
        "spec file was not found",
        "The path on the command line names no file.",
        "treadle check lenet               # wrong\ntreadle check specs/convolution/lenet.tdl     # right",
    ),
    CodeInfo(
        "E1002",
        "Graphviz is not installed",
        "Pictures in svg, png and pdf are laid out by Graphviz, a program of its own (`apt install "
        "graphviz`, `brew install graphviz`). The dot format needs nothing.",
        "treadle draw net.tdl -o net.svg   # needs Graphviz\ntreadle draw net.tdl -o net.dot   # does not",
    ),
    CodeInfo(
        "E1003",
        "option has an invalid value",
        "The accepted values are listed in the hint.",
        "treadle train net.tdl --device tpu    # wrong",
    ),
    CodeInfo(
        "E1004",
        "output file already exists",
        "Nothing existing is overwritten without `--force`.",
        "treadle draw net.tdl -o net.svg   # the second time",
    ),
    CodeInfo(
        "E1005",
        "spec does not say what to do",
        "The command needs a `train` (or `model`) block, and the file has none, or several without one "
        "being chosen by name.",
        "treadle train layers.tdl          # wrong: only layers inside",
    ),
    CodeInfo(
        "E1006",
        "file cannot be read",
        "It is a folder, is not readable by you, or is not UTF-8 text.",
        "treadle check specs/              # wrong\ntreadle check specs/convolution/lenet.tdl     # right",
    ),
    CodeInfo(
        "E1007",
        "library is missing",
        "A Python package that this command needs is not installed.",
        "pip install treadle",
    ),
    CodeInfo(
        "E1008",
        "unknown error code",
        "`treadle explain` takes a code such as E0203.",
        "treadle explain 203               # wrong\ntreadle explain E0203             # right",
    ),
    CodeInfo(
        "E1009",
        "unknown pass or stage",
        "The names of passes and stages are listed in the hint.",
        "treadle check net.tdl --print-after=cze    # wrong\n"
        "treadle check net.tdl --print-after=cse    # right",
    ),
    CodeInfo(
        "E1010",
        "unknown picture format",
        "The ending of the output file chooses the format: svg, png, pdf, dot or html. Memory is a chart, "
        "not a graph: it has no dot.",
        "treadle draw net.tdl -o net.jpeg  # wrong\ntreadle draw net.tdl -o net.png   # right",
    ),
    CodeInfo(
        "E1012",
        "gradients disagree",
        "The symbolic gradient and central differences differ by more than the tolerance: a derivative rule "
        "is wrong, or the function is not smooth at the point where it was tried.",
        "treadle gradcheck net.tdl --seed 1",
    ),
    CodeInfo(
        "E1013",
        "Graphviz could not lay the picture out",
        "The `dot` program failed or took too long, with curved, bent and straight arrows, with frames and "
        "without. Smaller pictures succeed: fold layers with `--depth`.",
        "treadle draw net.tdl -o net.svg             # too large\n"
        "treadle draw net.tdl -o net.svg --depth 1   # one box per layer",
    ),
    CodeInfo(
        "E1014",
        "no usable GPU",
        "`--device cuda` needs an NVIDIA GPU, its driver and the packages of the extra `cuda`. The message "
        "says which of them is missing, the hint what installs it; `treadle doctor` lists all of them.",
        "treadle train net.tdl --device cuda   # on a machine without a GPU\n"
        "treadle train net.tdl --device cpu    # right there",
    ),
    CodeInfo(
        "E1015",
        "GPU is too old",
        "Kernels are made for compute capability 8.0 (Ampere) and later.",
        "treadle train net.tdl --device cpu",
    ),
    CodeInfo(
        "E1016",
        "GPU driver failed",
        "The driver refused a call, or the GPU stopped. The message has the driver's own words.",
        "treadle doctor",
    ),
    CodeInfo(
        "E1017",
        "GPU memory is too small",
        "The session's memory is planned before anything runs, and the device has less. The hint names the "
        "largest batch that fits, where a batch is what decides.",
        "batch 100000                      # wrong\nbatch 4096                        # right",
    ),
    CodeInfo(
        "E1018",
        "unknown template",
        "`treadle new` begins with one of the specs that come with Treadle for this purpose.",
        "treadle new net --template conv     # wrong\ntreadle new net --template cnn      # right",
    ),
    CodeInfo(
        "E1019",
        "wrong command line",
        "A command, an option or a value is unknown, or one is missing. Commands then end with exit code 2, "
        "where other mistakes end with 1; `--help` after a command lists what it takes.",
        "treadle check net.tdl --jsn     # wrong\ntreadle check net.tdl --json    # right",
    ),
)
