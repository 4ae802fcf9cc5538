"""`treadle generate RUN`: sequences, images or arrays from a trained network and its `generate` block."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from treadle.cli.options import (
    DataOption,
    DeviceOption,
    JsonOption,
    RunArgument,
    ThreadsOption,
    WeightsOption,
)
from treadle.cli.trained import origin_of, refuse_split
from treadle.errors import fail
from treadle.frontend.choice import choose_generation
from treadle.frontend.result import Checked, GeneratePlan
from treadle.train.data.table import Array
from treadle.train.feeds import load_feeds
from treadle.train.files import write_atomically, write_npz
from treadle.train.generation import Wish, generate_arrays, generate_sequences
from treadle.train.plots import grid_png
from treadle.train.trained import Origin, leaf_values, open_spec
from treadle.train.vocabulary import Vocabulary, vocabulary_of, window_length

NameOption = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="Which generate block, when there are several.")
]
PromptOption = Annotated[
    str | None, typer.Option("--prompt", metavar="TEXT", help="What sequences begin with.")
]
CountOption = Annotated[int | None, typer.Option("--n", metavar="N", min=1, help="How many results.")]
LengthOption = Annotated[
    int | None, typer.Option("--length", metavar="N", min=1, help="How many symbols at most.")
]
SeedOption = Annotated[int | None, typer.Option("--seed", metavar="N", min=0, help="Instead of the spec's.")]
BeamOption = Annotated[
    int | None, typer.Option("--beam", metavar="N", min=0, help="Beam search of this width; 0 draws.")
]
SplitOption = Annotated[
    str, typer.Option("--split", metavar="SPLIT", help="Where inputs are taken from, if the result has any.")
]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write .npz, and .png beside it for images."),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace existing output files.")]


@dataclass(frozen=True)
class _Options:
    """What the command line says instead of the block."""

    prompt: str | None
    count: int | None
    length: int | None
    seed: int | None
    beam: int | None

    def wish(self, plan: GeneratePlan, known: Vocabulary | None, context: int | None) -> Wish:
        """How much to make, and how: the command line before the block."""
        own = plan.settings
        count = own.get("count", 1 if plan.sequence else 16)
        return Wish(
            count=self.count or count,
            seed=plan.seed if self.seed is None else self.seed,
            prompt=_numbers(own.get("prompt", []) if self.prompt is None else self.prompt, known),
            length=self.length or own.get("length", 100),
            until=_numbers(own.get("until", []), known),
            context=own.get("context") or context,
            beam=own.get("beam", 0) if self.beam is None else self.beam,
            penalty=float(own.get("penalty", 1.0)),
        )


def run(
    target: RunArgument,
    weights: WeightsOption = None,
    name: NameOption = None,
    prompt: PromptOption = None,
    count: CountOption = None,
    length: LengthOption = None,
    seed: SeedOption = None,
    beam: BeamOption = None,
    split: SplitOption = "test",
    output: OutputOption = None,
    force: ForceOption = False,
    data: DataOption = None,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Generate text, images or arrays with a trained network. A spec alone means its latest run."""
    origin = origin_of(target, weights, data)
    checked = open_spec(origin)
    plan = choose_generation(checked, name)
    files = [] if plan.sequence else _files(output or Path(f"{plan.name}.npz"), plan, force=force)
    known = vocabulary_of(checked, plan.data, plan.data_arguments, origin.folders)
    context = window_length(checked, plan.data, plan.data_arguments)
    wish = _Options(prompt, count, length, seed, beam).wish(plan, known, context)
    given = _given(checked, plan, origin, split, wish)
    values = leaf_values(origin, plan.model)
    if plan.sequence is None:
        _write(generate_arrays(plan, values, wish, given, device, threads), files, as_json=as_json)
    else:
        found = generate_sequences(plan, values, wish, given, device, threads)
        _show([known.decode(one) if known else one for one in found], as_json=as_json)


def _given(
    checked: Checked, plan: GeneratePlan, origin: Origin, split: str, wish: Wish
) -> Mapping[str, Array]:
    """The inputs that the result depends on, from the first rows of the data."""
    needed = set(plan.inputs_needed())
    if not needed or plan.data is None:
        return {}
    feeds = load_feeds(checked, plan, origin.folders)
    if split not in feeds:
        refuse_split(split, feeds)
    rows = feeds[split].table.take(slice(0, wish.count))
    return {name: array for name, array in feeds[split].batch(rows, 0).items() if name in needed}


def _numbers(given: Any, known: Vocabulary | None) -> list[int]:
    """A prompt as numbers: it may be text, one number or a list of them."""
    if isinstance(given, int):
        return [given]
    if not isinstance(given, str):
        return list(given)
    if known is None:
        hint = "give the numbers of the symbols: `prompt [1, 5]`, or name the data: `generate Net on Data`"
        fail("E1204", "text needs data whose characters or words are known", hint=hint)
    return known.encode(given)


def _files(path: Path, plan: GeneratePlan, *, force: bool) -> list[Path]:
    """The output files: arrays, and one picture for each result that is images."""
    names = [name.partition(":")[2] for name in plan.graph.outputs if name.startswith("images:")]
    files = [path, *(path.with_name(f"{path.stem}-{name}.png") for name in names)]
    for file in files:
        if file.exists() and not force:
            hint = "choose another name with `-o`, or replace it with `--force`"
            fail("E1004", f"{file} already exists", hint=hint)
    return files


def _write(results: dict[str, Array], files: list[Path], *, as_json: bool) -> None:
    archive, *pictures = files
    write_npz(archive, {name.partition(":")[2]: array for name, array in results.items()})
    images = [array for name, array in results.items() if name.startswith("images:")]
    for picture, array in zip(pictures, images, strict=True):
        write_atomically(picture, grid_png(array))
    if as_json:
        print(json.dumps({"files": [str(file) for file in files]}, indent=2))
        return
    shapes = ", ".join(f"{name.partition(':')[2]} {list(array.shape)}" for name, array in results.items())
    print("\n".join([f"{archive}: {shapes}", *map(str, pictures)]))


def _show(found: list[Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"results": found}))
        return
    for number, one in enumerate(found):
        text = one if isinstance(one, str) else " ".join(map(str, one))
        print(("\n" if number else "") + text)
