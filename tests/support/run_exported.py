"""Runs functions of an exported module in a process of its own that cannot import Treadle; see `exported`."""

import json
import sys
import zipfile
from pathlib import Path

import numpy as np


class Hidden:
    """Refuses to find Treadle."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "treadle":
            raise ImportError("an exported module needs no Treadle")


def main(folder: Path) -> None:
    """Reads the calls, writes the results."""
    sys.meta_path.insert(0, Hidden())
    sys.path.insert(0, str(folder))
    import exported  # noqa: PLC0415 - it lies in the folder

    with np.load(folder / "calls.npz", allow_pickle=False) as archive:
        arrays = dict(archive)
    found = {}
    for function, names in json.loads((folder / "calls.json").read_text()).items():
        start = f"{function}/weights/"
        weights = {name.removeprefix(start): x for name, x in arrays.items() if name.startswith(start)}
        arguments = {name: arrays[f"{function}/{name}"] for name in names}
        arguments = {name: x if x.ndim else x.item() for name, x in arguments.items()}
        with np.errstate(all="ignore"):
            results = getattr(exported, function)(weights, **arguments)
        results, new = results if isinstance(results, tuple) else (results, {})
        found |= {f"{function}/{name}": value for name, value in results.items()}
        found |= {f"{function}/new/{name}": value for name, value in new.items()}
    with zipfile.ZipFile(folder / "results.npz", "w") as results:
        for name, value in found.items():
            with results.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(value), allow_pickle=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
