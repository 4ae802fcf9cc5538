"""Files made to do harm are refused with a diagnostic, in two seconds and in little memory.

The limits lie in the judge: a reader that takes more processor time or address space is killed, which is no
refusal.
"""

from __future__ import annotations

import pytest

from hostile.tricks_archives import ARCHIVES, ARRAYS
from hostile.tricks_onnx import ONNX
from hostile.tricks_texts import HARMLESS_TABLES, IDX, PACKED, ROWS, SPECS, TABLES, TEXTS
from hostile.tricks_weights import JSONS, WEIGHTS
from hostile.verdict import READ, REFUSED

MOST_GROWTH = 200 * 2**20  # bytes

TRICKS = {
    "weights": (".safetensors", WEIGHTS),
    "json": (".json", JSONS),
    "npz": (".npz", ARCHIVES),
    "graph": (".npz", ARCHIVES),
    "molecules": (".npz", ARCHIVES),
    "spoken": (".npz", ARCHIVES),
    "inputs": (".npy", ARRAYS),
    "input_table": (".csv", ROWS),
    "csv": (".csv", TABLES),
    "series": (".csv", TABLES),
    "idx": (".idx", IDX),
    "chars": (".txt", TEXTS),
    "words": (".txt", TEXTS),
    "skipgrams": (".txt", TEXTS),
    "sentences": (".tsv.gz", PACKED),
    "pairs": (".tsv.gz", PACKED),
    "onnx": (".onnx", ONNX),
    "check": (".tdl", SPECS),
}
CASES = [(reader, name) for reader, (_, tricks) in TRICKS.items() for name in tricks]


@pytest.mark.parametrize(("reader", "name"), CASES)
def test_tricks_are_refused(judge, good, tmp_path, reader, name):
    ending, tricks = TRICKS[reader]
    path = tmp_path / f"spec{ending}"
    trick = tricks[name]
    path.write_bytes(trick) if isinstance(trick, bytes) else trick(path)
    (tmp_path / "spec.labels").write_bytes((good["idx"].parent / "images.labels").read_bytes())
    verdict = judge(reader, path)
    assert verdict.outcome == REFUSED, verdict.text
    assert verdict.grown < MOST_GROWTH


@pytest.mark.parametrize("name", HARMLESS_TABLES)
def test_unusual_tables_are_read(judge, tmp_path, name):
    path = tmp_path / "table.csv"
    path.write_bytes(HARMLESS_TABLES[name])
    verdict = judge("csv", path)
    assert verdict.outcome == READ, verdict.text
