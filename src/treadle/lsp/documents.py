"""The open texts and what is known about each: read at once, examined soon after, in threads of their own.

Input: texts as the editor has them. Output: a `Reading` or an `Examination` of the current version. A newer
version stops the work on the older one. Non-goals: the protocol's requests (`server`).
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from treadle.errors import Diagnostic
from treadle.frontend.recovery import DraftReader
from treadle.lsp.examination import Examination, Seen, Superseded, examine
from treadle.lsp.positions import Positions
from treadle.lsp.reading import Reading, read
from treadle.lsp.where import path_of
from treadle.source import Source

DELAY = 0.2  # seconds without a change after which a text is examined
PATIENCE = 3.0  # seconds that a request waits for the first examination of a text
HASTE = 0.3  # and for a later one: what the one before it found serves meanwhile
MAX_FILES = 500  # of a folder, that are searched for other uses of a name
_STACK = 256 << 20  # bytes, for the recursion that deep specs need

_ResultT = TypeVar("_ResultT")

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class Version:
    """One version of an open text, with the work on it."""

    number: int
    reading: asyncio.Task[Reading]
    examination: asyncio.Task[Examination | None]
    stale: bool = False


class Documents:
    """The open texts of one editor.

    `publish` is called with each finished examination. `delay` is for tests, which need not wait.
    """

    def __init__(self, publish: Callable[[str, Examination], None], delay: float = DELAY) -> None:
        """Begin without texts."""
        self._publish = publish
        self._delay = delay
        self._texts: dict[str, str] = {}
        self._versions: dict[str, Version] = {}
        self._finished: dict[str, Examination] = {}
        self._reader = DraftReader()
        before = threading.stack_size(_STACK)
        self._quick = ThreadPoolExecutor(1, "treadle-read")
        self._slow = ThreadPoolExecutor(1, "treadle-examine")
        for pool in (self._quick, self._slow):
            pool.submit(int).result()  # the threads are made now, with large stacks
        threading.stack_size(before)

    def change(self, uri: str, text: str) -> None:
        """A text was opened or changed; files that use it are looked at again."""
        self._texts[uri] = text
        users = list(self._users(uri))
        self._begin(uri)
        for user in users:
            self._begin(user)

    def close(self, uri: str) -> None:
        """A text was closed."""
        self._texts.pop(uri, None)
        self._finished.pop(uri, None)
        version = self._versions.pop(uri, None)
        if version is not None:
            version.stale = True

    def is_open(self, uri: str) -> bool:
        """Whether the editor has this text."""
        return uri in self._texts

    async def reading(self, uri: str) -> Reading | None:
        """The current version of an open text, read."""
        version = self._versions.get(uri)
        return None if version is None else await asyncio.shield(version.reading)

    async def examination(self, uri: str) -> Examination | None:
        """The current version of an open text, examined if that does not take too long."""
        version = self._versions.get(uri)
        if version is None:
            return None
        earlier = self._finished.get(uri)
        try:
            patience = PATIENCE if earlier is None else HASTE
            found = await asyncio.wait_for(asyncio.shield(version.examination), patience)
        except TimeoutError:
            found = None
        if found is not None:
            return found
        reading = await asyncio.shield(version.reading)
        seen = Seen(reading.source, lambda: True) if earlier is None else earlier.seen.moved(reading.source)
        return Examination(reading, (), seen, None)

    async def readings(self, first: str, folders: list[Path], word: str) -> list[tuple[str, Reading]]:
        """An open text, and all others that hold a word: open ones, and files of folders."""
        own = await self.reading(first)
        found = [] if own is None else [(first, own)]
        for uri in self._texts:
            other = await self.reading(uri) if uri != first else None
            if other is not None and word in other.source.text:
                found.append((uri, other))
        loop = asyncio.get_running_loop()
        closed = await loop.run_in_executor(self._quick, self._closed, folders, word, self._by_path())
        return [*found, *closed]

    async def run(self, work: Callable[[], _ResultT]) -> _ResultT:
        """Do something that takes a while."""
        return await asyncio.get_running_loop().run_in_executor(self._quick, work)

    def stop(self) -> None:
        """End all work."""
        for version in self._versions.values():
            version.stale = True
        self._quick.shutdown(wait=False, cancel_futures=True)
        self._slow.shutdown(wait=False, cancel_futures=True)

    # ---- the work

    def _begin(self, uri: str) -> None:
        before = self._versions.get(uri)
        if before is not None:
            before.stale = True
        loop = asyncio.get_running_loop()
        path = path_of(uri)
        source = Source(uri if path is None else str(path), self._texts[uri])
        reading = loop.create_task(self._read(source, path))
        number = 0 if before is None else before.number + 1
        version = Version(number, reading, loop.create_task(_nothing()))
        version.examination = loop.create_task(self._examine(uri, version, hurry=before is None))
        self._versions[uri] = version

    async def _read(self, source: Source, path: Path | None) -> Reading:
        texts = self._by_path()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._quick, lambda: read(source, path, texts, self._reader))

    async def _examine(self, uri: str, version: Version, *, hurry: bool) -> Examination | None:
        """Examine a version after a while, unless there is a newer one by then."""
        if not hurry:
            await asyncio.sleep(self._delay)
        reading = await asyncio.shield(version.reading)
        if version.stale:
            return None
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._slow, lambda: examine(reading, lambda: version.stale))
        except Superseded:
            return None
        except Exception as error:  # noqa: BLE001 - a defect in one version must not end the session
            _log.exception("internal error")
            found = _failed(reading, error)
        if not version.stale:
            self._finished[uri] = found
            self._publish(uri, found)
        return found

    def _users(self, uri: str) -> Iterator[str]:
        """Open texts that use the file of this one."""
        path = path_of(uri)
        for other, version in self._versions.items():
            reading = version.reading
            if other == uri or path is None or not reading.done() or reading.exception() is not None:
                continue
            modules = [*reading.result().module.merged, *reading.result().module.aliased.values()]
            if any(Path(module.source.name).resolve() == path.resolve() for module in modules):
                yield other

    def _by_path(self) -> Mapping[Path, str]:
        paths = ((path_of(uri), text) for uri, text in self._texts.items())
        return {path.resolve(): text for path, text in paths if path is not None}

    def _closed(self, folders: list[Path], word: str, texts: Mapping[Path, str]) -> list[tuple[str, Reading]]:
        """Files that are not open and hold a word."""
        found = []
        for path, text in files_of(folders):
            if path.resolve() not in texts and word in text:
                found.append((path.as_uri(), read(Source(str(path), text), path, texts, self._reader)))
        return found

    def all_files(self, folders: list[Path], encoding: str) -> Iterator[tuple[str, Positions]]:
        """All texts, open ones and files of folders, as they are."""
        open_paths = self._by_path()
        for uri, text in self._texts.items():
            yield uri, Positions(Source(uri, text), encoding)
        for path, text in files_of(folders):
            if path.resolve() not in open_paths:
                yield path.as_uri(), Positions(Source(str(path), text), encoding)


def files_of(folders: list[Path]) -> Iterator[tuple[Path, str]]:
    """The specs below some folders, a bounded number."""
    count = 0
    for folder in folders:
        for path in sorted(folder.rglob("*.tdl")):
            count += 1
            if count > MAX_FILES:
                return
            try:
                yield path, path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                _log.info("%s was left out: %s", path, error)


def _failed(reading: Reading, error: Exception) -> Examination:
    problem = Diagnostic(
        "E1101",
        f"internal error: {type(error).__name__}: {error}",
        reading.source.span(0, 0),
        hint="please report it with the spec",
    )
    return Examination(reading, (*reading.problems, problem), Seen(reading.source, lambda: True), None)


async def _nothing() -> None:
    """Stands in until the work is known."""
