"""The suite of published networks: parameters, multiply-adds and layers of the gallery's specs.

A net is expanded with one image; what is compared comes from its summary. Nothing is compiled or run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from treadle.frontend.load import load_spec, load_text
from treadle.frontend.result import Checked, ModelGraph
from treadle.train.summary import Summary, summarise

from .cases import Folder
from .runner import Verdict

SPECS = Path(__file__).parents[2] / "specs"
OWN_WEIGHTS = {"Conv2d", "BatchNorm2d", "Linear", "LayerNorm"}  # leaf modules that hold parameters


@dataclass(frozen=True)
class Net:
    """Where a network stands in the gallery, and the arguments of its model."""

    file: str
    model: str
    arguments: str = ""


NETS = {
    "alexnet": Net("convolution/alexnet.tdl", "AlexNet"),
    "vgg11": Net("convolution/vgg.tdl", "Vgg11"),
    "vgg16": Net("convolution/vgg.tdl", "Vgg16"),
    "vgg19": Net("convolution/vgg.tdl", "Vgg19"),
    "googlenet": Net("convolution/googlenet.tdl", "GoogLeNet"),
    "resnet18": Net("convolution/resnet.tdl", "ResNet18"),
    "resnet34": Net("convolution/resnet.tdl", "ResNet34"),
    "resnet50": Net("convolution/resnet.tdl", "ResNet50"),
    "resnet101": Net("convolution/resnet.tdl", "ResNet101"),
    "densenet121": Net("convolution/densenet.tdl", "DenseNet121"),
    "densenet169": Net("convolution/densenet.tdl", "DenseNet169"),
    "squeezenet1_0": Net("convolution/squeezenet.tdl", "SqueezeNet"),
    "mobilenet_v2": Net("convolution/mobilenet.tdl", "MobileNetV2"),
    "vit_b_16": Net("attention/vit.tdl", "ViTB16"),
    "lenet5_modern": Net("convolution/lenet.tdl", "LeNet"),
    "alexnet_two_towers": Net("convolution/alexnet.tdl", "AlexNet2012"),
    "alexnet_single_tower": Net("convolution/alexnet.tdl", "AlexNet2012", "towers = 1"),
}


def nets(data: Path, _backend: str, _dtype: str, names: Collection[str] = (), **_: Any) -> Iterator[Verdict]:
    """The networks of `nets.json`; backends and element types do not matter."""
    index = Folder(data, "nets").index
    for name, entry in {**index["nets"], **index["by_arithmetic"]}.items():
        if not names or name in names:
            yield _judged(name, entry)


def _judged(name: str, entry: dict[str, Any]) -> Verdict:
    found = tuple(_problems(entry, summarise(_model(NETS[name]))))
    return Verdict(name, name, "net", "failed" if found else "passed", found)


def _model(net: Net) -> ModelGraph:
    """With arguments, a model that differs from that of the gallery in nothing else."""
    if not net.arguments:
        return _checked(net.file).models[net.model]
    text = (SPECS / net.file).read_text("utf-8")
    return load_text(f"{text}\nadapt {net.model}({net.arguments}) as Variant {{ }}\n").models["Variant"]


@cache
def _checked(file: str) -> Checked:
    return load_spec(SPECS / file)


def _problems(entry: dict[str, Any], summary: Summary) -> Iterator[str]:
    if summary.parameters != entry["params"]:
        yield f"{summary.parameters:,} parameters, not {entry['params']:,}"
    if "macs_counted" in entry and summary.multiply_adds != entry["macs_counted"]:
        yield f"{summary.multiply_adds} multiply-adds, not {entry['macs_counted']}"
    if isinstance(entry.get("layers"), list):
        yield from _table_problems(entry["layers"], summary)


def _table_problems(rows: list[dict[str, Any]], summary: Summary) -> Iterator[str]:
    """Layers with weights agree in order, in parameters and in the shape of their output."""
    expected = [(row["params"], tuple(row["out"][1:])) for row in rows if row["kind"] in OWN_WEIGHTS]
    found = [
        (row.parameters, row.output.shape[1:] if row.output else ())
        for row in summary.layers
        if row.parameters
    ]
    if len(found) != len(expected):
        yield f"{len(found)} layers with weights, not {len(expected)}"
    for place, (ours, theirs) in enumerate(zip(found, expected, strict=False)):
        if ours != theirs:
            yield f"layer {place} has (parameters, output) {ours}, not {theirs}"
