"""One small good file of every format that is read, from which damaged ones are made."""

from __future__ import annotations

import contextlib
import gzip
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from hostile.readers import MODEL
from hostile.tricks_onnx import good
from treadle.cli import app

TABLE = "a,b,kind\n1.5,2,x\n-0.25,3e2,y\n4,5,x\n6,7,z\n8,9,x\n"
SENTENCES = "text\tlabel\n" + "\n".join(f"a good film number {i}\tyes" for i in range(8)) + "\n"
WORDS = "the cat sat on the mat\nthe dog sat on the log\n" * 3


def write_good(folder: Path) -> dict[str, Path]:
    """The files by the name of their reader."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {**_weights(folder), **_arrays(folder), **_texts(folder), **_idx(folder)}
    (folder / "m.tdl").write_text(MODEL)
    (folder / "m.onnx").write_bytes(good().SerializeToString())
    run = folder / "run"
    with contextlib.suppress(SystemExit):
        app.main(["train", str(folder / "m.tdl"), "--quiet", "--device", "numpy", "--run", str(run)])
    return {
        **found,
        "onnx": folder / "m.onnx",
        "spec": folder / "m.tdl",
        "check": folder / "m.tdl",
        "eval": run,
        "resume": run,
        "runs": run,
        "listed": found["weights"],
        "compared": found["weights"],
    }


def _weights(folder: Path) -> dict[str, Path]:
    values = {
        "dense.W": np.ones((2, 3), np.float32),
        "dense.b": np.zeros(3, np.float16),
        "flag": np.array([True]),
    }
    save_file(values, folder / "weights.safetensors", {"treadle": json.dumps({"epoch": 1, "best": [1.5]})})
    (folder / "facts.json").write_text(
        json.dumps({"spec": "m.tdl", "train": "M", "seed": 1, "list": [[1], {}]})
    )
    return {"weights": folder / "weights.safetensors", "json": folder / "facts.json"}


def _arrays(folder: Path) -> dict[str, Path]:
    np.savez(
        folder / "arrays.npz",
        images=np.ones((4, 2, 3), np.float32),
        labels=np.arange(4),
        words=np.array(["a"] * 4),
    )
    np.savez_compressed(
        folder / "graph.npz",
        features=np.eye(4),
        labels=np.arange(4) % 2,
        edge_index=np.array([[0, 1, 2], [1, 2, 3]]),
        train_mask=np.array([True, True, False, False]),
    )
    np.savez(
        folder / "molecules.npz",
        atom_features=np.ones((5, 2)),
        atom_offsets=np.array([0, 2, 5]),
        edge_index=np.array([[0, 1, 2], [1, 0, 1]]),
        edge_features=np.zeros((3, 1)),
        edge_offsets=np.array([0, 1, 3]),
        target=np.ones(2),
    )
    np.savez(
        folder / "spoken.npz",
        samples=np.arange(900, dtype=np.int16),
        offsets=np.array([0, 300, 900]),
        labels=np.array([1, 2]),
        takes=np.array([1, 8]),
    )
    np.save(folder / "rows.npy", np.ones((3, 2), np.float32))
    names = {"npz": "arrays", "graph": "graph", "molecules": "molecules", "spoken": "spoken"}
    return {reader: folder / f"{name}.npz" for reader, name in names.items()} | {
        "inputs": folder / "rows.npy"
    }


def _texts(folder: Path) -> dict[str, Path]:
    (folder / "table.csv").write_text(TABLE)
    (folder / "rows.csv").write_text("1.5,2\n-3,4e-2\n")
    (folder / "words.txt").write_text(WORDS)
    (folder / "sentences.tsv.gz").write_bytes(gzip.compress(SENTENCES.encode()))
    readers = {
        "table.csv": ("csv", "series"),
        "rows.csv": ("input_table",),
        "sentences.tsv.gz": ("sentences", "pairs"),
    }
    readers["words.txt"] = ("chars", "words", "skipgrams", "cooccurrences", "word_windows")
    return {reader: folder / file for file, names in readers.items() for reader in names}


def _idx(folder: Path) -> dict[str, Path]:
    images = folder / "images.idx"
    images.write_bytes(bytes([0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 2]) + bytes(range(16)))
    (folder / "images.labels").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 2, 3]))
    return {"idx": images}
