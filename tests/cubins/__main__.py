"""Every kernel of the gallery for every target: `python -m tests.cubins` writes down which hold the limits.

What the record has already is not compiled again (`--all` does it nevertheless), so that the command goes on
where it was interrupted. Needs NVIDIA's compiler (`pip install 'treadle[cuda]'`), no GPU. The exit code is 1
when a limit is broken.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cubins import record
from cubins.gallery_kernels import all_problems, compilations
from treadle.frontend.gallery import gallery

PORTION = 48
"""Compilations between two writings of the record."""


def main() -> int:
    """Brings the record up to date; 0 when every kernel holds the limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="compile what the record has, too")
    known = set() if parser.parse_args().all else record.read()
    work = {record.line_of(each): each for each in compilations(sorted(gallery()))}
    held = known & set(work)
    missing = [line for line in work if line not in held]
    print(f"{len(work)} compilations, {len(missing)} to do", flush=True)
    broken: list[str] = []
    for start in range(0, len(missing), PORTION):
        portion = missing[start : start + PORTION]
        found = all_problems([work[line] for line in portion])
        held |= {line for line, problems in zip(portion, found, strict=True) if not problems}
        broken += [problem for problems in found for problem in problems]
        record.write(held)
        print(f"{start + len(portion)} of {len(missing)}, {len(broken)} problems", flush=True)
    print("\n".join(broken))
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
