"""`treadle eval RUN`: loss and metrics of a trained network on the splits of its data."""

import json
from typing import Annotated

import typer

from treadle.cli.options import (
    DataOption,
    DeviceOption,
    JsonOption,
    NameOption,
    RunArgument,
    ThreadsOption,
    WeightsOption,
)
from treadle.cli.tables import number, table
from treadle.cli.trained import open_trained, refuse_split
from treadle.train.evaluation import evaluate_split
from treadle.train.feeds import load_feeds
from treadle.train.programs import compile_evaluation
from treadle.train.trained import leaf_values, write_leaves

SplitOption = Annotated[
    str | None, typer.Option("--split", metavar="SPLIT", help="Only this split; all by default.")
]


def run(
    target: RunArgument,
    weights: WeightsOption = None,
    name: NameOption = None,
    split: SplitOption = None,
    data: DataOption = None,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a trained network. A spec alone means its latest run."""
    opened = open_trained(target, weights, data, name)
    values = leaf_values(opened.origin, opened.plan.eval)
    feeds = load_feeds(opened.checked, opened.plan, opened.origin.folders)
    if split is not None and split not in feeds:
        refuse_split(split, feeds)
    chosen = {name: feed for name, feed in feeds.items() if split in {None, name}}
    evaluation = compile_evaluation(opened.plan, chosen, device, threads)
    write_leaves(evaluation.session, values)
    results = {
        name: evaluate_split(evaluation, feed, opened.plan.batch, opened.plan.seed)
        for name, feed in chosen.items()
    }
    if as_json:
        print(json.dumps({"weights": str(opened.origin.weights), "splits": results}, indent=2))
        return
    names = list(dict.fromkeys(name for means in results.values() for name in means))
    rows = [["", "examples", *names]]
    for part, means in results.items():
        rows.append([part, f"{chosen[part].table.size:,}", *(number(means[name]) for name in names)])
    print(f"{opened.origin.weights}\n\n{table(rows)}")
