"""Archives of the right names with arrays of strange shapes, types and values, one at a time."""

from __future__ import annotations

import numpy as np
import pytest

from hostile.verdict import BROKEN

STRANGE = {
    "empty": lambda array: array[:0],
    "shorter": lambda array: array[:1],
    "longer": lambda array: np.concatenate([array, array, array]),
    "scalar": lambda array: array.reshape(-1)[0],
    "one_axis_more": lambda array: array[..., None],
    "one_axis_less": lambda array: array.reshape(-1),
    "no_columns": lambda array: array.reshape(*array.shape, 1)[..., :0],
    "nan": lambda array: np.full(array.shape, np.nan),
    "infinite": lambda array: np.full(array.shape, -np.inf),
    "negative": lambda array: -1 - array.astype(np.int64),
    "huge": lambda array: np.full(array.shape, 2**62),
    "huge_unsigned": lambda array: np.full(array.shape, 2**64 - 1, np.uint64),
    "halves": lambda array: np.full(array.shape, 0.5, np.float16),
    "long_doubles": lambda array: np.full(array.shape, 1, np.longdouble),
    "truths": lambda array: array.astype(np.bool_),
    "backwards": lambda array: array[::-1],
}


@pytest.mark.parametrize("reader", ["npz", "graph", "molecules", "spoken"])
def test_strange_arrays_break_nothing(judge, good, tmp_path, reader):
    with np.load(good[reader]) as archive:
        arrays = {name: archive[name] for name in archive.files if archive[name].dtype.kind in "biuf"}
    broken = []
    for name, array in arrays.items():
        for kind, change in STRANGE.items():
            path = tmp_path / f"{name}_{kind}.npz"
            np.savez(path, **{**arrays, name: change(array)})
            verdict = judge(reader, path)
            broken += [f"{path.stem}: {verdict.text}"] if verdict.outcome == BROKEN else []
    assert not broken, "\n".join(broken)
