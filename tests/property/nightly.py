"""The properties of `test_check_any_spec.py` on many more examples.

Run it by hand or at night: `python tests/property/nightly.py --examples 20000`.

Prints each text that broke it into the folder given with `--out`, and ends with exit code 1 if there is one.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.bounded import outcome
from support.explosions import texts
from support.grammar_specs import written
from support.mutations import mutated


def main() -> int:
    options = _options()
    seen: Counter[str] = Counter()
    broken: Counter[str] = Counter()
    for name, text in _examples(options.first, options.examples):
        try:
            seen.update(outcome(text) or ["success"])
        except Exception as error:  # noqa: BLE001 - every exception is a finding
            _keep(error, text, name, broken, options.out)
    print(", ".join(f"{code} {count}" for code, count in sorted(seen.items())))
    print(f"{options.examples} examples, {sum(broken.values())} broken in {len(broken)} ways")
    return 1 if broken else 0


def _examples(first: int, count: int) -> Iterator[tuple[str, str]]:
    for name, (text, _) in texts().items():
        yield name, text
    for seed in range(first, first + count):
        rng = Random(seed)  # noqa: S311 - examples, not secrets
        yield f"seed {seed}", mutated(rng) if seed % 2 else written(rng)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--out", type=Path, help="folder for the texts that break")
    return parser.parse_args()


def _keep(error: Exception, text: str, name: str, broken: Counter[str], out: Path | None) -> None:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else "?"
    way = f"{type(error).__name__} at {where}"
    broken[way] += 1
    if broken[way] == 1:
        print(f"{name}: {way}: {str(error)[:200]}")
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            (out / f"{name.replace(' ', '_')}.tdl").write_text(text, "utf-8", errors="replace")


if __name__ == "__main__":
    sys.exit(main())
