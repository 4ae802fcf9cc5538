"""The judge: reads one file after the other, each in a child process with bounded memory and time.

Run as a program it takes requests as lines of JSON, {"reader": ..., "path": ...}, and answers each with a
`Verdict` as a line of JSON. It forks for each file, which costs milliseconds, and has no threads of its own.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import traceback
import warnings
from dataclasses import asdict
from pathlib import Path

from hostile.readers import READERS, prepare
from hostile.verdict import BROKEN, READ, REFUSED, Verdict
from treadle.errors import TreadleError

MEMORY = 3 * 2**29  # bytes of address space beyond what the judge has itself
SECONDS = 2  # of processor time: other processes on the machine do not count
SECONDS_OF_SPECS = 8  # a spec may ask for that many steps, and they must be taken
PATIENCE = 60  # seconds of waiting, for what does not even compute


def judge(reader: str, path: Path) -> Verdict:
    """Reads a file in a child process."""
    out, into = os.pipe()
    before = _resident()
    child = os.fork()
    if child == 0:
        os.close(out)
        _read_and_exit(reader, path, into)
    os.close(into)
    with os.fdopen(out, encoding="utf-8") as stream:
        said = stream.read()
    _, status, usage = os.wait4(child, 0)
    grown = usage.ru_maxrss * 1024 - before
    if os.WIFSIGNALED(status):
        return Verdict(BROKEN, f"killed by {signal.Signals(os.WTERMSIG(status)).name}", grown)
    outcome, _, text = said.partition("\n")
    return Verdict(outcome or BROKEN, text, grown)


def _read_and_exit(reader: str, path: Path, into: int) -> None:
    limit = _address_space() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    seconds = SECONDS_OF_SPECS if path.suffix == ".tdl" else SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    signal.alarm(PATIENCE)
    warnings.simplefilter("error")
    try:
        READERS[reader](path)
        said = READ
    except TreadleError as error:
        said = f"{REFUSED}\n{error}"
    except BaseException:  # noqa: BLE001 - whatever else is raised is what we look for
        said = f"{BROKEN}\n{traceback.format_exc()}"
    with os.fdopen(into, "w", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write(said)
    os._exit(0)


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def main() -> None:
    """Answers requests until there are no more."""
    prepare()
    for line in sys.stdin:
        request = json.loads(line)
        verdict = judge(request["reader"], Path(request["path"]))
        print(json.dumps(asdict(verdict)), flush=True)


if __name__ == "__main__":
    main()
