"""Backend tests whose expected results are no function of the model and its inputs; they are skipped."""

from __future__ import annotations

import re

EXCLUDED = {
    r"test_bernoulli.*": "draws: the expected numbers come from another generator",
    r"test_dft_inverse(_opset19)?": "the expected zeros are the rounding errors of a transform in float32, "
    "larger than the tolerance",
}


def why_excluded(name: str) -> str | None:
    """The reason why a test is skipped, if it is."""
    return next((reason for pattern, reason in EXCLUDED.items() if re.fullmatch(pattern, name)), None)
