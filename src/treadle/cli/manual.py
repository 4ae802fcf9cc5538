"""What the help of each command adds to its options: examples, what exit code 1 means, the keys of its JSON.

Input: nothing. Output: `PAGES`, read by `--help`, by `docs/cli.md` and by the tests, which run every example
in a folder with specs `net.tdl`, `gan.tdl` and `rates.tdl`, runs of them, and an ONNX model `net.onnx`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

_MISTAKE = "something is wrong with the spec, its data or a file"


@dataclass(frozen=True)
class Page:
    """The manual of one command; without `keys` it speaks no JSON."""

    examples: tuple[str, ...]
    wrong: str = _MISTAKE
    keys: Mapping[str, str] = field(default_factory=dict)

    def epilog(self, *, boxed: bool) -> str:
        """The end of `--help`: in boxes a paragraph is a line, elsewhere a sign keeps lines apart."""
        lines = ["Examples:", *(f"$ {example}" for example in self.examples)]
        codes = f"Exit codes: 0 done, 1 {self.wrong}, 2 wrong command line, 130 interrupted."
        return "\n\n".join([*lines, "", codes] if boxed else ["\b\n" + "\n".join(lines), codes])


PAGES = {
    "new": Page(
        ("treadle new digits", "treadle new faces --template gan", "treadle new --list"),
        wrong="the file is there already or cannot be written",
        keys={"templates": "names of all templates, with their first lines", "file": "the new spec"},
    ),
    "check": Page(
        ("treadle check net.tdl", "treadle check net.tdl lenet --json", "treadle check lenet --emit graph"),
        wrong="a spec has mistakes",
        keys={"files": "for each spec whether it is right", "diagnostics": "all mistakes"},
    ),
    "summary": Page(
        ("treadle summary lenet", "treadle summary net.tdl --model Net --json"),
        keys={
            "model": "its name",
            "inputs": "types by name",
            "outputs": "types by name",
            "layers": "name, output, parameters and multiply_adds of each",
            "memory": "bytes of a training step by kind; null if they depend on the data",
        },
    ),
    "draw": Page(("treadle draw lenet -o lenet.html", "treadle draw net.tdl --what joint -o net.dot")),
    "train": Page(
        (
            "treadle train digits_mlp",
            "treadle train net.tdl --epochs 3 --seed 7 --run runs/third",
            "treadle train --resume runs/first --epochs 20",
        ),
        keys={
            "reason": "why it ended: finished, stopped or interrupted",
            "epoch": "epochs done",
            "step": "steps done",
            "values": "last metrics by name",
            "best": "the best epoch's metrics by name",
            "best_epoch": "its number",
            "seconds": "how long it took",
            "run": "the run folder",
        },
    ),
    "runs": Page(
        ("treadle runs --sort best", "treadle runs first second --plot both.png"),
        keys={
            "runs": "name, spec, state, epochs and best value of each",
            "settings": "when comparing: settings that differ",
            "last": "when comparing: last metrics",
            "best": "when comparing: best metrics",
        },
    ),
    "eval": Page(
        ("treadle eval net.tdl", "treadle eval runs/first --split test --json"),
        keys={"weights": "the file of the weights", "splits": "metrics by split and name"},
    ),
    "predict": Page(
        ("treadle predict net.tdl --rows 0:5", "treadle predict runs/first --rows 0:100 -o out.npz"),
        keys={"OUTPUT": "the values of each output, under its name"},
    ),
    "generate": Page(
        ("treadle generate gan.tdl -o points.npz", "treadle generate gan.tdl --n 4 --seed 1 -o four.npz"),
        keys={
            "results": "sequences: texts, or lists of numbers",
            "files": "arrays and pictures: the files that were written",
        },
    ),
    "sweep": Page(
        ("treadle sweep rates.tdl --jobs 2", "treadle sweep rates.tdl --name rates -o found --json"),
        wrong="something is wrong with the spec or its data; a failed trial is listed, and is none",
        keys={"folder": "where results lie", "trials": "values, score and state of each, best first"},
    ),
    "study": Page(
        (
            "treadle study net.tdl --only gradients",
            "treadle study runs/first --only surface --points 5 -o surface --json",
        ),
        keys={
            "folder": "where pictures and arrays lie",
            "surface": "directions, and the lowest loss",
            "curvature": "smallest and largest eigenvalue, and the verdict",
            "gradients": "root mean square by parameter",
        },
    ),
    "weights": Page(
        ("treadle weights runs/first", "treadle weights runs/first runs/second --json"),
        keys={
            "file": "what was listed",
            "metadata": "of the file",
            "tensors": "name, type, shape and statistics of each, or its differences",
            "files": "when comparing: both files",
        },
    ),
    "export": Page(
        ("treadle export runs/first -o first.onnx", "treadle export lenet --to numpy -o lenet.py"),
    ),
    "import": Page(
        ("treadle import net.onnx -o imported.tdl", "treadle import net.onnx -o imported.tdl --force --json"),
        wrong="the model cannot be read, or has operators without a counterpart",
        keys={
            "spec": "the new spec",
            "weights": "the file beside it",
            "numbers": "how many numbers it holds",
            "inputs": "by name",
            "outputs": "by name",
        },
    ),
    "gradcheck": Page(
        ("treadle gradcheck xor_mlp", "treadle gradcheck net.tdl --samples 2 --json"),
        wrong="gradients disagree, or something is wrong with the spec",
        keys={"phases": "phase, and errors of each of its parameters"},
    ),
    "profile": Page(
        ("treadle profile xor_mlp", "treadle profile net.tdl --runs 3 --json"),
        keys={"PHASE": "name, line, calls, seconds, bytes and operations of each call, by phase"},
    ),
    "fmt": Page(
        ("treadle fmt net.tdl", "treadle fmt net.tdl --check --json"),
        wrong="with --check: something would change; a file is no spec",
        keys={"files": "each file, and whether it changes"},
    ),
    "lint": Page(
        ("treadle lint net.tdl", "treadle lint net.tdl xor_mlp --strict --json"),
        wrong="a spec has mistakes; with --strict: something was found",
        keys={"findings": "code, message and place of each"},
    ),
    "render": Page(
        ("treadle render lenet", "treadle render net.tdl --model Net --json"),
        keys={"spec": "the file", "text": "the whole spec"},
    ),
    "lsp": Page(("treadle lsp", "treadle lsp --stdio"), wrong="the package pygls is missing"),
    "doctor": Page(
        ("treadle doctor", "treadle doctor --json"),
        wrong="something that Treadle needs is missing",
        keys={"NAME": "what was found of each thing, with its state: ok, absent or problem"},
    ),
    "explain": Page(
        ("treadle explain E0203", "treadle explain conv2d", "treadle explain --list --json"),
        wrong="nothing of this name is known",
        keys={
            "codes": "code and title of each that was found",
            "code": "of one page: the error code",
            "title": "its headline",
            "explanation": "what it means",
            "example": "a wrong example and its repair",
            "name": "of a page about a name: the name",
            "text": "what is written about it",
        },
    ),
    "completion": Page(
        ("treadle completion bash", "treadle completion fish"),
        wrong="there is no completion for this shell",
    ),
}
