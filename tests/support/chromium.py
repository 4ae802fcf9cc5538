"""A headless Chromium that tests drive over a pipe, by the DevTools protocol; no package beyond the browser.

Messages are JSON, each ended by a zero byte: commands go to the browser's file descriptor 3, answers and
events come from 4. A command waits for its own answer and keeps the events that come before it.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--hide-scrollbars", "--mute-audio", "--force-color-profile=srgb",
)  # fmt: skip
SECONDS = 60.0
_START = """
import fcntl, os, sys
pipes = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3]]
os.dup2(pipes[0], 3)
os.dup2(pipes[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""  # the protocol wants these very numbers


def find_browser() -> str | None:
    """The program to run, if this machine has one that works: some are only hints at how to install it."""
    found = (path for name in NAMES if (path := shutil.which(name)))
    return next((path for path in found if _answers(path)), None)


def _answers(program: str) -> bool:
    command = [program, "--version"]
    return subprocess.run(command, capture_output=True, timeout=SECONDS, check=False).returncode == 0


class BrowserError(Exception):
    """The browser died, or refused a command."""


class Page:
    """One tab: commands in, events and answers out."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._number = 0
        self._session: str | None = None
        self._pending = b""
        self.events: list[dict[str, Any]] = []

    def attach(self) -> None:
        """Makes a tab and listens to what it logs and asks of the network."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """One command and its answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                return dict(answer["result"])
            self.events.append(answer)

    def open(self, path: Path) -> None:
        """Loads a file and waits until its script says that it is ready, or has failed."""
        self.events.clear()
        self.send("Page.navigate", url=path.resolve().as_uri())
        self.wait("document.documentElement?.dataset.ready === 'yes'")

    def wait(self, condition: str) -> None:
        """Asks the page again and again until an expression is true."""
        limit = time.monotonic() + SECONDS
        while not self.run(condition):
            if time.monotonic() > limit or self.problems():
                raise BrowserError(f"never true: {condition}; {self.problems()}")

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        result = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise BrowserError(str(result["exceptionDetails"].get("exception", {}).get("description")))
        return result["result"].get("value")

    def problems(self) -> list[str]:
        """Errors and warnings that the page has logged."""
        found = []
        for event in self.events:
            if event["method"] == "Runtime.exceptionThrown":
                details = event["params"]["exceptionDetails"]
                found.append(details.get("exception", {}).get("description") or details["text"])
            if event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] != "verbose":
                found.append(event["params"]["entry"]["text"])
        return found

    def requests(self) -> list[str]:
        """What the page has asked for, itself included; images that are part of it are not asked for."""
        sent = (event for event in self.events if event["method"] == "Network.requestWillBeSent")
        urls = (event["params"]["request"]["url"] for event in sent)
        return [url for url in urls if not url.startswith("data:")]

    def key(self, key: str) -> None:
        """Presses a key and lets it go."""
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        self.send("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key)

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """A mouse event, such as `mouseWheel`, at a place of the window."""
        self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, selector: str) -> None:
        """A real click in the middle of an element."""
        box = f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
        x, y = self.run(f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])({box})")
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", clickCount=1)

    def size(self, width: int, height: int, scale: float = 1) -> None:
        """The size of the window."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=scale, mobile=False,
        )  # fmt: skip

    def screenshot(self) -> bytes:
        """What the window shows, as PNG."""
        return base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])

    def pdf(self) -> bytes:
        """What would be printed."""
        return base64.b64decode(self.send("Page.printToPDF", printBackground=True)["data"])

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._pending:
            if not select.select([self._answers], [], [], SECONDS)[0]:
                raise BrowserError(f"no answer within {SECONDS:g} s")
            part = os.read(self._answers, 1 << 20)
            if not part:
                raise BrowserError("the browser is gone")
            self._pending += part
        message, _, self._pending = self._pending.partition(b"\0")
        return dict(json.loads(message))


@contextmanager
def browser(program: str, profile: Path) -> Iterator[Page]:
    """Runs a browser with a profile of its own, and ends it."""
    to_browser, commands = os.pipe()
    answers, from_browser = os.pipe()
    command = [program, *FLAGS, f"--user-data-dir={profile}"]
    process = subprocess.Popen(
        [sys.executable, "-c", _START, str(to_browser), str(from_browser), *command],
        pass_fds=(to_browser, from_browser),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_browser)
    os.close(from_browser)
    page = Page(commands, answers)
    try:
        page.attach()
        yield page
    finally:
        with suppress(BrowserError, OSError):
            page._session = None
            page.send("Browser.close")
        os.close(commands)
        os.close(answers)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
