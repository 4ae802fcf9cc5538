"""A folder of good, damaged and foreign files, in which the commands of `commands/*.tdl` go wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from safetensors.numpy import save_file

from treadle.cli import app

OTHER = """\
model Other {
  input x: [N]
  param w: [] = 1
  loss mean((w * x)^2)
}

data D {
  train = table([[1], [2]])
  x = train.values[:, 0]
}

train Other on D { optimizer sgd(0.1)   batch 2   epochs 1 }
"""
DENSE = {"dense.W": np.zeros((2, 3), np.float32), "dense.b": np.zeros(3, np.float32)}


def furnish(folder: Path, specs: Path) -> None:
    """Fill `folder`, the current one, with copies of `specs` and everything that they mention."""
    for spec in specs.glob("*.tdl"):
        shutil.copy(spec, folder)
    (folder / "flowers.csv").write_text("width,length,species\n1.5,2.5,0\n1.0,2.0,1\n")
    (folder / "gaps.csv").write_text("width,length\n1.5,2.5\n1.0,\n")
    (folder / "rows.csv").write_text("1.0,2.0\n")
    (folder / "picture.dot").write_text("digraph { }\n")
    np.savez(folder / "lengths.npz", images=np.zeros((3, 2)), labels=np.zeros(2))
    (folder / "truncated.npz").write_bytes((folder / "lengths.npz").read_bytes()[:100])
    (folder / "truncated.idx").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 9, 1, 2, 3]))
    _weights(folder)
    _foreign_models(folder)
    (folder / "other.tdl").write_text(OTHER)
    with pytest.raises(SystemExit):
        app.main(["train", "other.tdl", "--quiet", "--device", "numpy", "--run", "old_run"])


def _foreign_models(folder: Path) -> None:
    """ONNX files: one cut off, one of words, one whose shape is computed from what it is given."""
    numbers = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])
    words = helper.make_tensor_value_info("words", TensorProto.STRING, ["N"])
    shape = helper.make_tensor_value_info("shape", TensorProto.INT64, [2])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    models = {
        "words": ("StringSplit", [words]),
        "shapes": ("Reshape", [numbers, shape]),
        "own": ("Frobnicate", [numbers]),
    }
    for name, (kind, inputs) in models.items():
        node = helper.make_node(kind, [info.name for info in inputs], ["y"], name="first")
        graph = helper.make_graph([node], name, inputs, [result])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
    (folder / "cut.onnx").write_bytes((folder / "shapes.onnx").read_bytes()[:50])


def _weights(folder: Path) -> None:
    save_file(DENSE, folder / "good.safetensors")
    (folder / "damaged.safetensors").write_bytes((folder / "good.safetensors").read_bytes()[:60])
    (folder / "weights.pt").write_bytes(b"PK\3\4archive/data.pkl")
    save_file({"dense_2.W": DENSE["dense.W"]}, folder / "other.safetensors")
    save_file({**DENSE, "extra.W": DENSE["dense.W"]}, folder / "extra.safetensors")
    save_file({**DENSE, "dense.W": np.zeros((2, 4), np.float32)}, folder / "narrow.safetensors")
    save_file(
        {name: value.astype(np.float64) for name, value in DENSE.items()}, folder / "double.safetensors"
    )
