"""One Chromium for all tests here; they skip where there is none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.chromium import Page, browser, find_browser


@pytest.fixture(scope="session")
def chromium(tmp_path_factory) -> Iterator[Page]:
    """A browser with one window of a laptop's size."""
    program = find_browser()
    if program is None:
        pytest.skip("needs Chromium or Chrome, and no such program was found that starts")
    with browser(program, tmp_path_factory.mktemp("profile")) as page:
        page.size(1280, 800)
        yield page


@pytest.fixture
def window(chromium) -> Page:
    """The window, at its usual size."""
    chromium.size(1280, 800)
    return chromium
