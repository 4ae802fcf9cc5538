"""Options and fixtures shared by all tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Tests run side by side: threads of NumPy's linear algebra would wait for each other. Set before NumPy loads.
for _variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

# Derandomised, so that a run says the same as the last one; a slow machine is no failure.
settings.register_profile(
    "treadle", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], database=None
)
settings.load_profile("treadle")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite expected files from what is produced now"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares text with a file of expected text, or rewrites the file under `--update-golden`."""

    def compare(path: Path, produced: str) -> None:
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(produced, "utf-8")
        assert path.is_file(), f"{path} is missing; make it with --update-golden and read it"
        assert produced == path.read_text("utf-8")

    return compare
